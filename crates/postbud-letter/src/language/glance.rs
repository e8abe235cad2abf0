//! The language of a text at a glance: microseconds, for a figure about many letters, where
//! [`detect`](super::detect) takes milliseconds. It looks for the small words that one language has and
//! its neighbours have not, in the first words only. Norwegian counts as Danish.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Language;

/// So many words tell.
const WORDS: usize = 60;
/// Fewer do not.
const LEAST_WORDS: usize = 5;
/// One in so many of them is a small word of the language; in letters of it, it is one in four.
const ONE_IN: usize = 10;
/// So many words without small ones are no telegram but another language.
const LONG: usize = 25;
/// No small word has more bytes.
const LONGEST: usize = 10;

const KNOWN: [(Language, &str); 4] = [
    (
        Language::Danish,
        "og jeg det er på med ikke af til som har vil kan skal hvor når hvis mig være fra min mit vi \
         hvad hvordan eller også kommunen hej hilsen efter deres vores der den om ved må blev blive \
         han hun nu op så men ikkje hvornår tak venlig",
    ),
    (
        Language::Swedish,
        "och jag det är på med inte av till som har vill kan ska hur när mig vi från för att ett vår \
         vad eller också kommunen hej efter den om vid må blev bli han hon nu upp så men",
    ),
    (
        Language::English,
        "the of and to is it you that was are with have this not we my would could please our will \
         has been be your they there what when which if or but can from",
    ),
    (
        Language::German,
        "der die und ich das mit ist nicht ein eine zu wir für auf sie haben kann bitte wie auch uns \
         dem den sich von zum zur im es dass oder wird wenn mein meine",
    ),
];

/// For each small word the languages that have it, as bits in the order of [`KNOWN`].
static SMALL: LazyLock<HashMap<&'static str, u8>> = LazyLock::new(|| {
    let mut words: HashMap<&str, u8> = HashMap::new();
    for (bit, (_, text)) in KNOWN.iter().enumerate() {
        for word in text.split_ascii_whitespace() {
            *words.entry(word).or_default() |= 1 << bit;
        }
    }
    words
});

/// The language of a text in parts, subject and body say.
#[must_use]
pub fn glance(parts: &[&str]) -> Language {
    let (mut hits, mut all, mut other_script) = ([0_usize; KNOWN.len()], 0, 0);
    let words = parts.iter().flat_map(|part| part.split(|c: char| !c.is_alphabetic()));
    for word in words.filter(|word| !word.is_empty()).take(WORDS) {
        all += 1;
        other_script += usize::from(word.chars().next().is_some_and(|c| c as u32 >= 0x250));
        if word.len() > LONGEST {
            continue;
        }
        let found = if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            SMALL.get(word)
        } else {
            SMALL.get(word.to_lowercase().as_str())
        };
        for (bit, hits) in hits.iter_mut().enumerate() {
            *hits += usize::from(found.is_some_and(|found| found & (1 << bit) != 0));
        }
    }
    if all < LEAST_WORDS {
        return Language::Unknown;
    }
    // Of equals the first: most letters are Danish.
    let best = hits.iter().zip(KNOWN).rev().max_by_key(|(hits, _)| **hits);
    match best {
        _ if other_script * 2 > all => Language::Other,
        Some((&hits, (language, _))) if hits * ONE_IN >= all => language,
        _ if all >= LONG => Language::Other,
        _ => Language::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_languages_and_others() {
        for (language, text) in [
            (
                Language::Danish,
                "Hej. Jeg vil gerne søge om en ny plads i vuggestuen til vores søn, for vi flytter.",
            ),
            (
                Language::Danish,
                "Hei. Jeg skal flytte til kommunen og lurer på hvordan jeg søker barnehageplass.",
            ),
            (
                Language::Swedish,
                "Jag ska flytta till kommunen och undrar hur jag söker förskoleplats när vi inte har \
                 fått någon adress än.",
            ),
            (Language::English, "Hello, I have just moved here and would like to find a doctor."),
            (Language::German, "Guten Tag, wir haben ein Ferienhaus in der Gemeinde."),
            (
                Language::Other,
                "Доброго дня, ми приїхали з України і хочемо дізнатися, де можна записатися.",
            ),
            (
                Language::Other,
                "Dzień dobry, chciałabym zapytać, jak zapisać dziecko do przedszkola i jakie \
                 dokumenty są potrzebne. Jesteśmy tutaj od niedawna i nie znamy jeszcze nikogo, kto \
                 mógłby pomóc.",
            ),
            (Language::Unknown, "Hul Skolegade"),
            (Language::Unknown, ""),
        ] {
            assert_eq!(glance(&["", text]), language, "{text}");
        }
    }

    #[test]
    fn only_the_beginning_is_read_and_parts_are_one_text() {
        let danish = "jeg vil gerne have en ny spand ".repeat(10);
        let english = "this is what we would like to have ".repeat(100);
        assert_eq!(glance(&["", &danish, &english]), Language::Danish);
        assert_eq!(glance(&["Hul i", "vejen her"]), Language::Unknown);
        assert_eq!(glance(&["Det er", "ikke min spand"]), Language::Danish);
    }
}
