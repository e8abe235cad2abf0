//! The documents of a letter: their names, their bytes to be saved, and their text to be read here.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use postbud_decide::{Decision, DocumentNote, describe};
use postbud_letter::{Document, DocumentFormat, Letter};
use postbud_pipeline::ports::LetterDetail;

use super::letter::{cut, load, seen};
use super::{Person, html};
use crate::Room;
use crate::error::Problem;
use crate::language::Words;

/// A document in the list of a letter's documents.
pub(super) struct Listed {
    pub(super) n: usize,
    pub(super) name: String,
    /// What it is by its bytes, and how large.
    pub(super) what: String,
    /// That its bytes are something else than its name says; empty when they are not.
    pub(super) disguised: String,
}

/// The documents of a letter, with what is known of them from the time when it was decided.
pub(super) fn listed(letter: &Letter, decision: Option<&Decision>, w: Words) -> Vec<Listed> {
    let notes = decision.map(|decision| decision.documents.as_slice()).unwrap_or_default();
    let documents = letter.documents.iter().enumerate().map(|(n, document)| {
        let found = notes.iter().find(|note| note.number as usize == n + 1);
        let kib = format!("{} KiB", document.bytes.len().div_ceil(1024));
        let known = found.filter(|note| note.signed || note.format != DocumentFormat::Unknown);
        Listed {
            n,
            name: safe_name(&document.filename),
            what: known.map_or(kib.clone(), |note| format!("{}, {kib}", what(note, w))),
            disguised: found.map_or_else(String::new, |note| disguised(note, document, w)),
        }
    });
    documents.collect()
}

/// What a document is, and whether it is signed.
fn what(note: &DocumentNote, w: Words) -> String {
    let format = w.format(note.format);
    match note.signed {
        true => format!("{format}, {}", w.t("underskrevet digitalt", "digitally signed")),
        false => format.to_owned(),
    }
}

/// Says that a document's bytes are something else than its name says.
fn disguised(note: &DocumentNote, document: &Document, w: Words) -> String {
    let name = document.filename.to_lowercase();
    let Some((_, ending)) = name.rsplit_once('.') else { return String::new() };
    let Some(claimed) = claimed(ending) else { return String::new() };
    if claimed.contains(&note.format) {
        return String::new();
    }
    let is = w.format(note.format);
    match w.code() {
        "da" => format!("Navnet ender på .{ending}, men indholdet er: {is}"),
        _ => format!("The name ends in .{ending}, but the content is: {is}"),
    }
}

/// What a file with this ending is; nothing for endings that say little.
fn claimed(ending: &str) -> Option<&'static [DocumentFormat]> {
    use DocumentFormat as F;
    Some(match ending {
        "pdf" => &[F::Pdf],
        "docx" => &[F::Docx],
        "xlsx" => &[F::Xlsx],
        "pptx" => &[F::Pptx],
        "odt" | "ods" | "odp" => &[F::OpenDocument],
        // Word saves Rich Text under this ending as well.
        "doc" => &[F::OldOffice, F::Rtf],
        "xls" | "ppt" => &[F::OldOffice],
        "rtf" => &[F::Rtf],
        "zip" => &[F::Zip],
        "msg" | "eml" => &[F::Mail],
        "jpg" | "jpeg" | "png" | "gif" | "tif" | "tiff" | "bmp" | "webp" => &[F::Image],
        "txt" => &[F::Text, F::Mail, F::Html],
        _ => return None,
    })
}

/// A file name for a header and a page: no path, no quotes, no control characters.
pub(super) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let name: String = last.chars().filter(fits).take(100).collect();
    let name = name.trim().trim_start_matches('.').to_owned();
    if name.is_empty() { "dokument".to_owned() } else { name }
}

/// The letter of this id, if it has a document of this number; it is written down who opens it.
async fn opened(
    room: &Room,
    w: Words,
    person: &Person,
    id: &str,
    n: usize,
) -> Result<(LetterDetail, Letter), Problem> {
    let (detail, letter) = load(room, w, id).await?;
    if n >= letter.documents.len() {
        return Err(Problem::missing(w));
    }
    seen(room, w, person, detail.row.letter.as_str(), "document").await?;
    Ok((detail, letter))
}

/// A document, always to be saved and never shown by the browser as a page of ours.
pub(crate) async fn document(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path((id, n)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (_, mut letter) = opened(&room, w, &person, &id, n).await?;
    Ok(download(letter.documents.swap_remove(n)))
}

#[derive(Template)]
#[template(path = "document.html")]
struct TextPage<'a> {
    w: Words,
    person: Option<Person>,
    id: &'a str,
    /// The page that the person came from. A second look leads back to itself: the letter's own page
    /// says what the machine thought.
    back: String,
    n: usize,
    name: String,
    what: String,
    disguised: String,
    text: &'a str,
    cut: bool,
    /// What was wrong with it, or that nobody reads documents here; empty when nothing was.
    trouble: String,
}

/// The text of a document, read now, in a process that may die of it.
pub(crate) async fn text(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Path((id, n)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (detail, mut letter) = opened(&room, w, &person, &id, n).await?;
    let parsed = detail.row.letter.clone();
    let drawn = room.store.is_drawn(&parsed).await.map_err(|error| Problem::desk(w, &error))?;
    letter.documents = vec![letter.documents.swap_remove(n)];
    if let Some(reader) = room.options.documents.clone() {
        let read = tokio::task::spawn_blocking(move || {
            reader.attach(&mut letter);
            letter
        });
        letter = read.await.map_err(|_| Problem::missing(w))?;
    }
    let found = letter.attached.first();
    let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
    let note = found.map(|found| DocumentNote { number, ..DocumentNote::of(found) });
    let trouble = match &note {
        None => w.t("Dokumenter læses ikke her.", "Documents are not read here.").to_owned(),
        Some(note) => describe::document(note, w.0).unwrap_or_default(),
    };
    let document = letter.documents.first();
    let whole = found.map_or("", |found| found.text.trim());
    Ok(html(&TextPage {
        w,
        person: Some(person),
        id: parsed.as_str(),
        back: format!("/letters/{parsed}{}", if drawn { "/second-look" } else { "" }),
        n,
        name: document.map(|document| safe_name(&document.filename)).unwrap_or_default(),
        what: note.as_ref().map(|note| what(note, w)).unwrap_or_default(),
        disguised: note
            .as_ref()
            .zip(document)
            .map_or_else(String::new, |(n, d)| disguised(n, d, w)),
        text: cut(whole),
        cut: cut(whole).len() < whole.len(),
        trouble,
    }))
}

/// A document as an answer that is saved and never shown.
pub(crate) fn download(document: Document) -> Response {
    let plain: String =
        safe_name(&document.filename).chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let disposition = format!("attachment; filename=\"{plain}\"");
    let kind = "application/octet-stream".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)], document.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use postbud_decide::Lang;

    use super::*;

    #[test]
    fn what_a_document_is_and_that_it_is_signed() {
        let note = |signed, format| DocumentNote {
            number: 1,
            format,
            text_bytes: 8,
            cut: false,
            signed,
            trouble: None,
        };
        for (lang, signed, alone) in [
            (Lang::Danish, "PDF, underskrevet digitalt", "digital underskrift"),
            (Lang::English, "PDF, digitally signed", "digital signature"),
        ] {
            assert_eq!(what(&note(true, DocumentFormat::Pdf), Words(lang)), signed);
            assert_eq!(what(&note(false, DocumentFormat::Pdf), Words(lang)), "PDF");
            assert_eq!(what(&note(false, DocumentFormat::Signature), Words(lang)), alone);
        }
    }

    #[test]
    fn file_names_lead_nowhere_and_break_no_header() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\temp\\ansøgning.pdf"), "ansøgning.pdf");
        assert_eq!(safe_name("a\"\r\nSet-Cookie: x.pdf"), "aSet-Cookie x.pdf");
        assert_eq!(safe_name(".htaccess"), "htaccess");
        assert_eq!(safe_name("/"), "dokument");
        assert_eq!(safe_name(&"a".repeat(5000)).len(), 100);
    }
}
