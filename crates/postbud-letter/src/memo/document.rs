//! The documents of a message: of several formats of one document, the best is kept.

use super::xml::{Node, Space::Memo};
use crate::{Defect, DefectKind, Document, DocumentRole, tidy};

/// The role of a body's child; `None` for what is no document.
pub(super) fn role(local: &str) -> Option<DocumentRole> {
    match local {
        "MainDocument" => Some(DocumentRole::Main),
        "AdditionalDocument" => Some(DocumentRole::Attachment),
        "TechnicalDocument" => Some(DocumentRole::Technical),
        _ => None,
    }
}

/// A document's files, one of each: files of the same name but for its ending are formats of one
/// document, and the one that says most is kept (text before HTML before anything else, whole
/// before broken). Best first. Reports every file that is broken.
pub(super) fn documents(
    mut node: Node,
    role: DocumentRole,
    field_bytes: usize,
    defects: &mut Vec<Defect>,
) -> Vec<(Document, Option<String>)> {
    let label = node.value(Memo, "label").map(|label| tidy::line(&label, field_bytes));
    let files = node.children.iter_mut().filter(|child| child.name.is(Memo, "File"));
    let mut kept: Vec<(u8, Document, Option<String>)> = Vec::new();
    let mut stems: Vec<String> = Vec::new();
    for file in files {
        let (document, charset, fault) = self::file(file, role, label.clone(), field_bytes);
        if let Some(position) = fault {
            defects.push(Defect { kind: DefectKind::BrokenBase64, position });
        }
        let poor = fault.is_some() || document.bytes.is_empty();
        let rank = rank(&document.media_type) + if poor { 10 } else { 0 };
        let stem = stem(&document.filename);
        let same = stems.iter().position(|known| *known == stem);
        match same.and_then(|at| kept.get_mut(at)) {
            Some(other) if rank < other.0 => *other = (rank, document, charset),
            Some(_) => {}
            None => {
                stems.push(stem);
                kept.push((rank, document, charset));
            }
        }
    }
    kept.sort_by_key(|(rank, ..)| *rank);
    kept.into_iter().map(|(_, document, charset)| (document, charset)).collect()
}

/// One File: the document, its charset, and where its base64 is broken.
fn file(
    file: &mut Node,
    role: DocumentRole,
    label: Option<String>,
    field_bytes: usize,
) -> (Document, Option<String>, Option<Option<u64>>) {
    let format = file.value(Memo, "encodingFormat").unwrap_or_default();
    let (media_type, charset) = media_type(&format);
    let filename = file.value(Memo, "filename").unwrap_or_default();
    let role = if is_attention(&filename) { DocumentRole::Technical } else { role };
    let filename = tidy::line(&filename, field_bytes);
    let content = file.children.iter_mut().find(|child| child.name.is(Memo, "content"));
    let (bytes, fault) = match content {
        Some(content) => (std::mem::take(&mut content.bytes), content.fault),
        None => (Vec::new(), None),
    };
    (Document { role, label, filename, media_type, bytes }, charset, fault)
}

/// A file name without its ending, in lower case.
fn stem(filename: &str) -> String {
    filename.rsplit_once('.').map_or(filename, |(stem, _)| stem).to_lowercase()
}

/// The metadata file that Digital Post used before MeMo: data for machines, never text.
pub(crate) fn is_attention(filename: &str) -> bool {
    filename.trim().eq_ignore_ascii_case("attention.xml")
}

fn rank(media_type: &str) -> u8 {
    match media_type {
        "text/plain" => 0,
        "text/html" => 1,
        _ => 2,
    }
}

/// The media type in lower case, and its charset parameter.
fn media_type(format: &str) -> (String, Option<String>) {
    let (media_type, parameters) = format.split_once(';').unwrap_or((format, ""));
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').to_owned();
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    });
    (media_type.trim().to_ascii_lowercase(), charset)
}
