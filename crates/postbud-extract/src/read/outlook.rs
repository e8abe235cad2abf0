//! Outlook's message files (.msg): a compound file of storages and streams, each stream one
//! property of a mail. Names of streams and numbers of properties are from [MS-OXMSG] and
//! [MS-OXPROPS].

use std::io::Cursor;
use std::path::{Path, PathBuf};

use cfb::CompoundFile;
use postbud_letter::{DocumentTrouble, charset_text};

use super::Reading;

const MESSAGE_CLASS: u16 = 0x001a;
const SUBJECT: u16 = 0x0037;
const BODY: u16 = 0x1000;
const BODY_RTF: u16 = 0x1009;
const BODY_HTML: u16 = 0x1013;
const ATTACHED: u16 = 0x3701;
/// The code pages of texts that are not Unicode, the message's own before the one of the internet.
const CODE_PAGES: [u32; 2] = [0x3ffd_0003, 0x3fde_0003];

const UNICODE: u16 = 0x001f;
const CODED: u16 = 0x001e;
const BINARY: u16 = 0x0102;
const OBJECT: u16 = 0x000d;

/// Before the properties of fixed size stand so many bytes: of the file itself, and of a message
/// within it.
const HEADS: [usize; 2] = [32, 24];
/// No property's stream is read beyond this many bytes: no real body comes near.
const MOST_PROPERTY: u64 = 32 << 20;

type File<'b> = CompoundFile<Cursor<&'b [u8]>>;

impl Reading<'_> {
    /// Reads the message and what is attached to it; `false` for a compound file of another kind.
    /// Its streams decide: any name may also stand in a document that is attached.
    pub(super) fn outlook(&mut self, bytes: &[u8], depth: u32) -> bool {
        let Ok(mut file) = CompoundFile::open(Cursor::new(bytes)) else { return false };
        if !file.read_root_storage().any(|entry| entry.name().starts_with("__substg1.0_")) {
            return false;
        }
        self.message(&mut file, Path::new("/"), depth);
        true
    }

    fn message(&mut self, file: &mut File<'_>, at: &Path, depth: u32) {
        let charset = self.charset(file, at);
        let class = self.text_of_property(file, at, MESSAGE_CLASS, charset).unwrap_or_default();
        let class = class.to_ascii_lowercase();
        if class.starts_with("ipm.note.smime") && !class.ends_with("multipartsigned") {
            self.note(DocumentTrouble::Encrypted);
        }
        if let Some(subject) = self.text_of_property(file, at, SUBJECT, charset) {
            self.out.fresh_line();
            self.out.push(&subject);
        }
        self.body(file, at, charset);
        self.attached(file, at, depth);
    }

    /// The body, which a message holds in up to three forms: the plainest one that says something.
    fn body(&mut self, file: &mut File<'_>, at: &Path, charset: Option<&'static str>) {
        let plain = self.text_of_property(file, at, BODY, charset);
        if let Some(plain) = plain.filter(|text| !text.trim().is_empty()) {
            self.out.fresh_line();
            self.out.push(&plain);
            return;
        }
        let html = match self.property(file, at, BODY_HTML, BINARY) {
            Some(html) => Some((html, charset)),
            None => self
                .text_of_property(file, at, BODY_HTML, charset)
                .map(|html| (html.into_bytes(), Some("utf-8"))),
        };
        if let Some((html, charset)) = html {
            self.text_of(&html, "text/html", charset);
        } else if let Some(packed) = self.property(file, at, BODY_RTF, BINARY) {
            match unpacked_rtf(&packed, self.unpacked_left) {
                Ok(rtf) => {
                    self.out.fresh_line();
                    self.rtf(rtf.as_bytes());
                }
                Err(trouble) => self.note(trouble),
            }
        }
    }

    /// What is attached, one after another: documents, and messages, which are storages again.
    fn attached(&mut self, file: &mut File<'_>, at: &Path, depth: u32) {
        let Ok(entries) = file.read_storage(at) else { return };
        let mut storages: Vec<PathBuf> = entries
            .filter(|entry| entry.is_storage() && entry.name().starts_with("__attach_version1.0_#"))
            .map(|entry| entry.path().to_owned())
            .collect();
        storages.sort();
        for storage in storages {
            if self.out.is_full() || !self.enter(0, depth) {
                return;
            }
            let message = storage.join(stream_name(ATTACHED, OBJECT));
            if file.is_storage(&message) {
                self.message(file, &message, depth + 1);
            } else if let Some(bytes) = self.property(file, &storage, ATTACHED, BINARY) {
                self.within(&bytes, depth + 1);
            }
        }
    }

    /// A property that is text, in either of its two forms.
    fn text_of_property(
        &mut self,
        file: &mut File<'_>,
        at: &Path,
        property: u16,
        charset: Option<&'static str>,
    ) -> Option<String> {
        if let Some(bytes) = self.property(file, at, property, UNICODE) {
            return Some(charset_text(&bytes, "utf-16le").into_owned());
        }
        let bytes = self.property(file, at, property, CODED)?;
        Some(charset_text(&bytes, charset.unwrap_or("windows-1252")).into_owned())
    }

    /// A property's stream; `None` when there is none.
    fn property(
        &mut self,
        file: &mut File<'_>,
        at: &Path,
        property: u16,
        form: u16,
    ) -> Option<Vec<u8>> {
        self.stream(file, &at.join(stream_name(property, form)))
    }

    fn stream(&mut self, file: &mut File<'_>, path: &Path) -> Option<Vec<u8>> {
        if !file.is_stream(path) {
            return None;
        }
        match file.open_stream(path) {
            Ok(stream) if stream.len() <= MOST_PROPERTY => self.unpack(stream),
            Ok(_) => {
                self.note(DocumentTrouble::TooLarge);
                self.out.note_cut();
                None
            }
            Err(_) => {
                self.note(DocumentTrouble::Broken);
                None
            }
        }
    }

    /// The charset of texts that are not Unicode.
    fn charset(&mut self, file: &mut File<'_>, at: &Path) -> Option<&'static str> {
        let properties = self.stream(file, &at.join("__properties_version1.0"))?;
        let head = HEADS[usize::from(at != Path::new("/"))];
        let values = properties.get(head..).unwrap_or_default();
        // Tag, flags, and a value of eight bytes.
        let (entries, _) = values.as_chunks::<16>();
        let number = |bytes: &[u8; 16], from: usize| {
            u32::from_le_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])
        };
        let page = |tag: &u32| {
            let entry = entries.iter().find(|entry| number(entry, 0) == *tag)?;
            charset_of(number(entry, 8))
        };
        CODE_PAGES.iter().find_map(page)
    }
}

fn stream_name(property: u16, form: u16) -> String {
    format!("__substg1.0_{property:04X}{form:04X}")
}

/// The name of a code page of Windows, among those that are met in Europe.
fn charset_of(page: u32) -> Option<&'static str> {
    Some(match page {
        850 => "ibm850",
        1250 => "windows-1250",
        1251 => "windows-1251",
        1252 | 20_127 | 28_591 => "windows-1252",
        1253 => "windows-1253",
        1254 | 28_599 => "windows-1254",
        1255 => "windows-1255",
        1256 => "windows-1256",
        1257 => "windows-1257",
        28_592 => "iso-8859-2",
        28_605 => "iso-8859-15",
        65_001 => "utf-8",
        _ => return None,
    })
}

/// RTF as Outlook packs it ([MS-OXRTFCP]), where it says itself that it becomes no larger than
/// `most` bytes.
fn unpacked_rtf(packed: &[u8], most: u64) -> Result<String, DocumentTrouble> {
    // Sizes of both forms, the kind of packing and a checksum.
    let Some(&[_, _, _, _, a, b, c, d, ..]) = packed.get(..16) else {
        return Err(DocumentTrouble::Broken);
    };
    if u64::from(u32::from_le_bytes([a, b, c, d])) > most {
        return Err(DocumentTrouble::TooLarge);
    }
    compressed_rtf::decompress_rtf(packed).map_err(|_| DocumentTrouble::Broken)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use postbud_letter::DocumentFormat;

    use super::super::tests::found;
    use super::*;

    type Made = CompoundFile<Cursor<Vec<u8>>>;

    fn put(file: &mut Made, at: &str, property: u16, form: u16, bytes: &[u8]) {
        let path = Path::new(at).join(stream_name(property, form));
        file.create_stream(path).unwrap().write_all(bytes).unwrap();
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// A message file, filled by `fill`.
    fn made(fill: impl FnOnce(&mut Made)) -> Vec<u8> {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_stream("/__nameid").unwrap();
        fill(&mut file);
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    fn page(file: &mut Made, at: &str, head: usize, page: u32) {
        let mut bytes = vec![0; head];
        bytes.extend_from_slice(&CODE_PAGES[0].to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&u64::from(page).to_le_bytes());
        let path = Path::new(at).join("__properties_version1.0");
        file.create_stream(path).unwrap().write_all(&bytes).unwrap();
    }

    #[test]
    fn subject_body_and_attachments_are_read() {
        let message = made(|file| {
            put(file, "/", SUBJECT, UNICODE, &wide("Ansøgning om byggetilladelse"));
            put(file, "/", BODY, UNICODE, &wide("Se venligst vedhæftede."));
            for (number, text) in ["Første bilag", "Andet bilag"].iter().enumerate() {
                let storage = format!("/__attach_version1.0_#{number:08X}");
                file.create_storage(&storage).unwrap();
                put(file, &storage, ATTACHED, BINARY, text.as_bytes());
            }
        });
        let found = found(&message);
        assert_eq!((found.format, found.trouble), (DocumentFormat::Mail, None));
        assert_eq!(
            found.text,
            "Ansøgning om byggetilladelse\nSe venligst vedhæftede.\nFørste bilag\nAndet bilag"
        );
    }

    #[test]
    fn a_message_within_a_message_and_code_pages() {
        let message = made(|file| {
            page(file, "/", HEADS[0], 1250);
            put(file, "/", SUBJECT, CODED, b"\x8aumava");
            let storage = "/__attach_version1.0_#00000000";
            file.create_storage(storage).unwrap();
            let inner = format!("{storage}/{}", stream_name(ATTACHED, OBJECT));
            file.create_storage(&inner).unwrap();
            page(file, &inner, HEADS[1], 28_591);
            put(file, &inner, SUBJECT, CODED, b"Sv\xf8mmehal");
            put(file, &inner, BODY, CODED, b"\xe5ben");
        });
        assert_eq!(found(&message).text, "Šumava\nSvømmehal\nåben");
    }

    #[test]
    fn html_and_packed_rtf_speak_where_there_is_no_plain_text() {
        let html = made(|file| {
            put(file, "/", SUBJECT, UNICODE, &wide("Hul i vejen"));
            put(file, "/", BODY, UNICODE, &wide(" \r\n"));
            put(file, "/", BODY_HTML, BINARY, "<html><p>Dybt</p><p>hul".as_bytes());
        });
        assert_eq!(found(&html).text, "Hul i vejen\nDybt\nhul");
        let rtf = made(|file| {
            let packed =
                compressed_rtf::compress_rtf(r"{\rtf1 Plads i b\'f8rnehaven\par }").unwrap();
            put(file, "/", BODY_RTF, BINARY, &packed);
            put(file, "/", SUBJECT, UNICODE, &wide("Pladsanvisning"));
        });
        assert_eq!(found(&rtf).text, "Pladsanvisning\nPlads i børnehaven");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let trouble = |fill: &dyn Fn(&mut Made)| found(&made(|file| fill(file))).trouble;
        let packed = |bytes: &'static [u8]| {
            move |file: &mut Made| {
                put(file, "/", SUBJECT, UNICODE, &wide("x"));
                put(file, "/", BODY_RTF, BINARY, bytes);
            }
        };
        assert_eq!(trouble(&packed(b"short")), Some(DocumentTrouble::Broken));
        let giant = packed(b"\x0c\0\0\0\xff\xff\xff\xffLZFu\0\0\0\0");
        assert_eq!(trouble(&giant), Some(DocumentTrouble::TooLarge));
        let encrypted = |file: &mut Made| {
            put(file, "/", SUBJECT, UNICODE, &wide("Fortroligt"));
            put(file, "/", MESSAGE_CLASS, UNICODE, &wide("IPM.Note.SMIME"));
        };
        assert_eq!(trouble(&encrypted), Some(DocumentTrouble::Encrypted));
        assert_eq!(trouble(&|_| ()), Some(DocumentTrouble::UnknownFormat), "no message at all");
    }

    #[test]
    fn what_is_attached_does_not_make_it_another_file() {
        let message = made(|file| {
            put(file, "/", SUBJECT, UNICODE, &wide("Se bilag"));
            let storage = "/__attach_version1.0_#00000000";
            file.create_storage(storage).unwrap();
            let old_word = [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &wide("WordDocument")];
            put(file, storage, ATTACHED, BINARY, &old_word.concat());
        });
        let found = found(&message);
        assert_eq!((found.format, found.text.as_str()), (DocumentFormat::Mail, "Se bilag"));
    }

    #[test]
    fn messages_deep_in_messages_end() {
        let message = made(|file| {
            let mut at = String::new();
            for _ in 0..20 {
                at = format!("{at}/__attach_version1.0_#00000000");
                file.create_storage(&at).unwrap();
                at = format!("{at}/{}", stream_name(ATTACHED, OBJECT));
                file.create_storage(&at).unwrap();
                put(file, &at, SUBJECT, UNICODE, &wide("igen"));
            }
            put(file, "/", SUBJECT, UNICODE, &wide("igen"));
        });
        let found = found(&message);
        assert_eq!(found.trouble, Some(DocumentTrouble::TooDeep));
        assert!(found.text.starts_with("igen\nigen"));
    }

    #[test]
    fn cut_short_at_any_place_nothing_falls_over() {
        let message = made(|file| {
            put(file, "/", SUBJECT, UNICODE, &wide("Ansøgning"));
            put(file, "/", BODY, UNICODE, &wide(&"Kære kommune. ".repeat(600)));
        });
        for length in (0..message.len()).step_by(97) {
            let found = found(&message[..length]);
            assert!(found.text.len() <= message.len());
        }
        for place in (0..message.len()).step_by(41) {
            let mut turned = message.clone();
            turned[place] ^= 0xff;
            assert!(found(&turned).text.len() <= 2 * message.len());
        }
    }
}
