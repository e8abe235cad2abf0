//! Which other programs there are on this machine.

use std::path::{Path, PathBuf};

use super::run::Step;

/// Where programs are looked for: what a package installs, and what the machine's owner added.
const PLACES: [&str; 2] = ["/usr/bin", "/usr/local/bin"];
/// Where tesseract's languages lie, by distribution.
const LANGUAGES: [&str; 4] = [
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
];

/// The programs that were found. What is missing is said of each document that would need it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tools {
    /// OCR, with the language asked for. Debian: `tesseract-ocr`, `tesseract-ocr-dan`.
    pub tesseract: Option<PathBuf>,
    /// Draws pages of a PDF. Debian: `poppler-utils`.
    pub pdftoppm: Option<PathBuf>,
    /// Reads Word documents from before 2007. Debian: `antiword`.
    pub antiword: Option<PathBuf>,
    /// The same, a little more lenient. Debian: `catdoc`.
    pub catdoc: Option<PathBuf>,
    /// Tesseract's name of the language that OCR reads.
    pub language: String,
}

/// Which way up a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As it lies.
    AsItLies,
    /// Whichever way it lies; that takes half as long again to find out.
    AnyWay,
}

impl Way {
    pub(super) const ALL: [Self; 2] = [Self::AsItLies, Self::AnyWay];
}

impl Tools {
    /// Looks for them. `language` is tesseract's name of one: `dan`, or several: `dan+deu`.
    #[must_use]
    pub fn find(language: &str) -> Self {
        let program = |name| PLACES.iter().map(|place| Path::new(place).join(name)).find(|p| is(p));
        let knows = language.split('+').all(has_language);
        Self {
            tesseract: program("tesseract").filter(|_| knows),
            pdftoppm: program("pdftoppm"),
            antiword: program("antiword"),
            catdoc: program("catdoc"),
            language: language.to_owned(),
        }
    }

    /// Can pictures be read, and scanned pages?
    #[must_use]
    pub fn ocr(&self) -> bool {
        self.tesseract.is_some() && self.pdftoppm.is_some()
    }

    /// Debian's packages of what is missing.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let ocr =
            ["tesseract-ocr", "tesseract-ocr-dan"].map(|name| (self.tesseract.is_none(), name));
        let word = self.antiword.is_none() && self.catdoc.is_none();
        let rest = [(self.pdftoppm.is_none(), "poppler-utils"), (word, "antiword")];
        ocr.into_iter().chain(rest).filter(|(missing, _)| *missing).map(|(_, name)| name).collect()
    }

    /// Reads the picture on standard input.
    pub(super) fn tesseract(&self, way: Way) -> Option<Step> {
        let way = match way {
            Way::AsItLies => "3",
            Way::AnyWay => "1",
        };
        let args = ["stdin", "stdout", "-l", &self.language, "--psm", way, "tsv"];
        self.tesseract.as_ref().map(|path| Step::new(path, &args))
    }

    /// Both read the file on standard input by its place, since they jump about in it.
    pub(super) fn old_word(&self) -> Vec<Step> {
        let antiword = ["-m", "UTF-8.txt", "-w", "0", "/proc/self/fd/0"];
        let catdoc = ["-d", "utf-8", "-w", "/proc/self/fd/0"];
        let first = self.antiword.as_ref().map(|path| Step::new(path, &antiword));
        let second = self.catdoc.as_ref().map(|path| Step::new(path, &catdoc));
        first.into_iter().chain(second).collect()
    }
}

fn is(path: &Path) -> bool {
    path.is_file()
}

fn has_language(language: &str) -> bool {
    // A name, and never a path.
    let name = language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let file = format!("{language}.traineddata");
    name && LANGUAGES.iter().any(|place| is(&Path::new(place).join(&file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_language_there_is_no_ocr() {
        for language in ["klingon", "", "../dan", "dan+klingon"] {
            assert_eq!(Tools::find(language).tesseract, None, "{language}");
        }
    }

    #[test]
    fn what_is_missing_is_told_by_its_package() {
        let none = Tools::default();
        assert!(!none.ocr());
        let all = ["tesseract-ocr", "tesseract-ocr-dan", "poppler-utils", "antiword"];
        assert_eq!(none.missing(), all);
        let catdoc = Tools { catdoc: Some("/usr/bin/catdoc".into()), ..none };
        assert!(!catdoc.missing().contains(&"antiword"));
    }
}
