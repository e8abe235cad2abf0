//! The words that OCR is sure enough of.

/// A word of which OCR is less sure than this, of 100, is no word: a shadow, a stain, a signature.
const SURE: f32 = 35.0;
/// Words of a picture that are that sure on average are text; else it is a picture of something.
const SURE_ON_AVERAGE: f32 = 60.0;

/// So much that looked like words and was none may be a page that lies on its side.
const MANY_LETTERS: f32 = 60.0;

/// What OCR saw in a picture.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// The text; empty when the picture is one of something else.
    pub(super) text: String,
    letters: f32,
}

impl Seen {
    /// Might there be text for somebody who turned the picture?
    pub(super) fn may_lie_wrong(&self) -> bool {
        self.text.is_empty() && self.letters > MANY_LETTERS
    }
}

/// The text in a table as tesseract writes it: a row per word, with its line and how sure it is.
pub(super) fn of_tsv(table: &[u8]) -> Seen {
    let table = String::from_utf8_lossy(table);
    let mut text = String::new();
    let mut line_before = None;
    let (mut sure, mut letters) = (0.0, 0.0);
    for row in table.lines() {
        let mut fields = row.split('\t');
        if fields.next() != Some("5") {
            continue;
        }
        let fields: Vec<&str> = fields.collect();
        let [page, block, paragraph, line, _, _, _, _, _, confidence, word] = fields[..] else {
            continue;
        };
        let Ok(confidence) = confidence.parse::<f32>() else { continue };
        if word.trim().is_empty() {
            continue;
        }
        // Long words count for more: noise is short.
        let weight = word.chars().count() as f32;
        sure += confidence.clamp(0.0, 100.0) * weight;
        letters += weight;
        if confidence < SURE {
            continue;
        }
        let place = (page, block, paragraph, line);
        match line_before.replace(place) {
            None => {}
            Some(before) if before == place => text.push(' '),
            Some(before) if (before.0, before.1, before.2) == (page, block, paragraph) => {
                text.push('\n');
            }
            Some(_) => text.push_str("\n\n"),
        }
        text.push_str(word);
    }
    if sure < SURE_ON_AVERAGE * letters {
        text.clear();
    }
    Seen { text, letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u32, confidence: &str, word: &str) -> String {
        format!("5\t1\t1\t1\t{line}\t1\t0\t0\t9\t9\t{confidence}\t{word}\n")
    }

    #[test]
    fn words_stand_in_their_lines() {
        let head = "level\tpage_num\tblock_num\n4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t\n";
        let table = [
            head.to_owned(),
            row(1, "96.5", "Kære"),
            row(1, "91", "kommune"),
            row(2, "80", "tak"),
            row(2, "12", "~|"),
            row(2, "95", " "),
        ];
        assert_eq!(of_tsv(table.concat().as_bytes()).text, "Kære kommune\ntak");
    }

    #[test]
    fn a_picture_of_something_has_no_words() {
        let table = [row(1, "41", "il"), row(2, "38", "=—"), row(3, "70", "o")];
        assert_eq!(of_tsv(table.concat().as_bytes()).text, "");
        assert_eq!(of_tsv(b"").text, "");
    }

    proptest::proptest! {
        #[test]
        fn any_table_gives_something(table in "(5\t[\\PC\t]{0,40}\n){0,5}") {
            let _ = of_tsv(table.as_bytes());
        }
    }
}
