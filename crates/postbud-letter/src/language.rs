//! Which language a letter is written in. For rules and reports only: never route on it alone.

mod glance;

use std::collections::HashMap;
use std::sync::LazyLock;

use lingua::{LanguageDetector, LanguageDetectorBuilder};
use serde::{Deserialize, Serialize};

pub use glance::glance;

/// Shorter texts say too little: one foreign name outweighs them.
const LEAST_CHARACTERS: usize = 60;
/// The beginning of a letter tells its language; the rest would only cost time.
const MOST_CHARACTERS: usize = 3000;
/// Below this, the detector itself is not sure enough.
const LEAST_CONFIDENCE: f64 = 0.6;

/// A language that letters come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Danish.
    #[serde(rename = "da")]
    Danish,
    /// Norwegian (bokmål).
    #[serde(rename = "nb")]
    Norwegian,
    /// Swedish.
    #[serde(rename = "sv")]
    Swedish,
    /// English.
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
    /// Any other language.
    #[serde(rename = "other")]
    Other,
    /// Too short, or too mixed to tell.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Language {
    /// `da`, `nb`, `sv`, `en`, `de`, `other` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Danish => "da",
            Self::Norwegian => "nb",
            Self::Swedish => "sv",
            Self::English => "en",
            Self::German => "de",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }

    /// A number that stays the same, for files and histograms: 0 is unknown, 1 Danish.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Danish => 1,
            Self::Norwegian => 2,
            Self::Swedish => 3,
            Self::English => 4,
            Self::German => 5,
            Self::Other => 6,
        }
    }
}

/// The language of a text. The first call loads the models (about 30 MB).
#[must_use]
pub fn detect(text: &str) -> Language {
    let text: String = text.chars().take(MOST_CHARACTERS).collect();
    let letters = Letters::of(&text);
    if letters.other_script * 2 > letters.all && letters.all >= LEAST_CHARACTERS / 3 {
        return Language::Other;
    }
    if text.trim().chars().count() < LEAST_CHARACTERS {
        return Language::Unknown;
    }
    if letters.foreign * 100 > letters.all {
        return Language::Other;
    }
    let words = Words::of(&text);
    let mut values = DETECTOR.compute_language_confidence_values(text);
    values.sort_by(|a, b| b.1.total_cmp(&a.1));
    match values.first() {
        Some((language, confidence)) if *confidence >= LEAST_CONFIDENCE => {
            words.judge(from_lingua(*language))
        }
        _ => Language::Unknown,
    }
}

static DETECTOR: LazyLock<LanguageDetector> = LazyLock::new(|| {
    use lingua::Language::{Bokmal, Danish, English, German, Swedish};
    LanguageDetectorBuilder::from_languages(&[Danish, Bokmal, Swedish, English, German]).build()
});

fn from_lingua(language: lingua::Language) -> Language {
    match language {
        lingua::Language::Danish => Language::Danish,
        lingua::Language::Bokmal => Language::Norwegian,
        lingua::Language::Swedish => Language::Swedish,
        lingua::Language::English => Language::English,
        lingua::Language::German => Language::German,
    }
}

/// How many letters a text has, and how many that none of the five languages uses.
struct Letters {
    all: usize,
    other_script: usize,
    foreign: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        // Accents that occur in Danish words and names too: idé, à, Müller, Gaël.
        const HOME: &str = "æøåäöüßéèêáàâëïóôíúýðñç";
        let mut found = Self { all: 0, other_script: 0, foreign: 0 };
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            found.all += 1;
            let latin = (c as u32) < 0x250 || (0x1E00..0x1F00).contains(&(c as u32));
            if !latin {
                found.other_script += 1;
            } else if !c.is_ascii() && !c.to_lowercase().all(|lower| HOME.contains(lower)) {
                found.foreign += 1;
            }
        }
        found
    }
}

/// The detector must choose one of its five; the small words tell whether it could be right at all.
struct Words(HashMap<String, usize>, usize);

impl Words {
    fn of(text: &str) -> Self {
        let mut counts = HashMap::new();
        let mut all = 0;
        for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
            *counts.entry(word.to_lowercase()).or_insert(0) += 1;
            all += 1;
        }
        Self(counts, all)
    }

    /// The detector's answer, if the words bear it out: at least one in twelve is among the
    /// commonest of the language. In letters of the language it is one in four; in Dutch or Somali
    /// taken for it, next to none. A few lines in telegram style have none either, so only a longer
    /// text without them is certainly another language.
    fn judge(&self, found: Language) -> Language {
        const LONG_WORDS: usize = 30;
        let common = match found {
            Language::Danish | Language::Norwegian => SCANDINAVIAN,
            Language::Swedish => SWEDISH,
            Language::English => ENGLISH,
            Language::German => GERMAN,
            Language::Other | Language::Unknown => return found,
        };
        let hits: usize = common.split_whitespace().filter_map(|word| self.0.get(word)).sum();
        if hits * 12 >= self.1 {
            found
        } else if self.1 >= LONG_WORDS {
            Language::Other
        } else {
            Language::Unknown
        }
    }
}

const SCANDINAVIAN: &str = "og i jeg det at en den til er som på de med han af for ikke der var \
    mig sig men et har om vi min havde ham nu over da fra du ud sin dem os op man hans hvor eller \
    hvad skal selv her alle vil blev kunne ind når være kan deres efter mit hej hvis så jer bare \
    ikkje eg av jeg meg deg mitt hva når noe hei dere etter bli blitt hvordan kommunen venlig hilsen";
const SWEDISH: &str = "och i jag det att en den till är som på de med han av för inte var mig sig \
    men ett har om vi min hade honom nu över då från du ut sin dem oss upp man hans var eller vad \
    ska själv här alla vill blev kunde in när vara kan deras efter mitt hej så er bara hur mvh";
const ENGLISH: &str = "the of and to a in is it you that he was for on are with as i his they be at \
    one have this from or had by but some what there we can out other were all your when up use how \
    she which do their if my me not has been would will please dear hello am our";
const GERMAN: &str = "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine \
    als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über \
    einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde ich wir mein meine \
    uns mir kann habe bitte";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_languages_are_told_apart() {
        let texts = [
            (
                Language::Danish,
                "Hej. Jeg vil gerne søge om en ny plads i vuggestuen til vores søn, for vi flytter til byen i marts.",
            ),
            (
                Language::Norwegian,
                "Hei. Jeg skal flytte til kommunen og lurer på hvordan jeg søker barnehageplass når vi ikke har fått adresse ennå.",
            ),
            (
                Language::Swedish,
                "Hej. Jag ska flytta till kommunen och undrar hur jag söker förskoleplats när vi inte har fått någon adress än.",
            ),
            (
                Language::English,
                "Hello, I have just moved here with my family and would like to know how we can find a doctor for the children.",
            ),
            (
                Language::German,
                "Guten Tag, wir haben ein Ferienhaus in der Gemeinde und möchten wissen, wann der Müll im Winter geholt wird.",
            ),
        ];
        for (language, text) in texts {
            assert_eq!(detect(text), language, "{text}");
        }
    }

    #[test]
    fn short_texts_are_unknown() {
        assert_eq!(detect("Hej, hvornår har I åbent i dag?"), Language::Unknown);
        assert_eq!(detect(""), Language::Unknown);
    }

    #[test]
    fn other_languages_are_not_called_danish() {
        let texts = [
            "Dzień dobry, chciałabym zapytać, jak zapisać dziecko do przedszkola i jakie dokumenty są potrzebne. Dziękuję.",
            "Доброго дня, ми приїхали з України і хочемо дізнатися, де можна записатися на курси данської мови.",
            "السلام عليكم، نريد أن نعرف كيف يمكننا التسجيل في دورات اللغة الدنماركية هنا في البلدية من فضلكم",
            "Goedemiddag, wij willen graag weten hoe wij onze zoon kunnen aanmelden bij de school in het dorp waar wij wonen.",
            "Waxaan rabaa inaan ogaado sida aan carruurtayda ugu diiwaan gelin karo dugsiga, waan cusubnahay magaalada.",
            "Buongiorno, vorrei sapere come posso iscrivere mio figlio alla scuola del paese e quali documenti servono.",
            "Merhaba, yeni tasindik ve cocugumuzu okula nasil kaydettirecegimizi ogrenmek istiyoruz, yardim eder misiniz.",
        ];
        for text in texts {
            assert!(
                matches!(detect(text), Language::Other | Language::Unknown),
                "{text}: {:?}",
                detect(text)
            );
        }
    }
}
