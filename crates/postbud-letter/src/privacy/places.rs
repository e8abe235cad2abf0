//! Street addresses: a street with a house number, its floor and door, its postal code and town.

use std::ops::Range;

use super::tokens::{Gap, Shape, Token};
use super::words::{Words, words};

/// Ends of Danish street names.
static STREETS: Words = words!(
    "vej vejen gade gaden gyde gyden stræde strædet allé alle alléen alleen plads pladsen \
     torv torvet vænge vænget sti stien bakke bakken have haven park parken kvarter kvarteret \
     vang vangen toft toften tofte lund lunden mark marken led leddet høj højen dal dalen \
     engen enge skoven skov kær kæret ager ageren agre banke brink brinken kaj kajen kanal \
     kanalen havn strand stranden boulevard krogen krog løkke løkken klit klitten tange odde \
     åsen bro passage"
);
/// Of these, a word in small letters may be a street too, when something stands before the end.
static SMALL_STREETS: Words = words!(
    "vej vejen gade gaden gyde gyden stræde strædet allé alléen vænget stien bakken parken \
     toften vangen"
);
/// After a number, these say that it counts something else than houses.
pub(super) static UNITS: Words = words!(
    "dag dage uge uger gang gange time timer minut minutter min måned måneder år km m meter \
     m2 m² m3 m³ kwh mwh kr kroner børn biler mand mennesker personer elever stk procent pct hektar ha ton \
     kg liter træer cykler pladser huse lejligheder weeks days hours times years people \
     grader træ"
);
static MONTHS: Words = words!(
    "januar februar marts april maj juni juli august september oktober november december jan feb \
     mar apr jun jul aug sep sept okt nov dec"
);
/// Before an address whose street is no word that is known.
static LIVING: Words =
    words!("bor boede boende bopæl adresse adressen flytter flyttet flytte live address wohne");
/// Behind the house number: floor and door.
static FLOORS: Words = words!("st stuen kl kld kælderen sal etage tv th mf dør lejl lejlighed vær");

/// Parts of the large towns, as they stand behind their names.
static PARTS: Words = words!("C K M N NV NØ S SV SØ V Ø");

/// Where addresses stand; their tokens are marked in `taken`.
pub(super) fn find(tokens: &[Token<'_>], taken: &mut [bool]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let address = street(tokens, at).or_else(|| home(tokens, at));
        let address =
            address.map(|(first, end)| (first, with_town(tokens, with_floor(tokens, end))));
        let Some((first, end)) = address.or_else(|| town(tokens, at).map(|end| (at, end))) else {
            at += 1;
            continue;
        };
        if let (Some(from), Some(to)) =
            (tokens.get(first), end.checked_sub(1).and_then(|i| tokens.get(i)))
        {
            found.push(from.start..to.end());
        }
        taken.get_mut(first..end).unwrap_or_default().fill(true);
        at = end.max(at + 1);
    }
    found
}

/// A street whose last word stands at `at`, with its number: where it begins, and where it ends.
fn street(tokens: &[Token<'_>], at: usize) -> Option<(usize, usize)> {
    let word = tokens.get(at)?;
    let lower = word.text.to_lowercase();
    let known = match word.shape {
        Shape::Upper => STREETS.iter().any(|end| lower.ends_with(end)),
        Shape::Lower => SMALL_STREETS
            .iter()
            .any(|end| lower.strip_suffix(end).is_some_and(|before| before.chars().count() >= 3)),
        _ => false,
    };
    let end = if known { house(tokens, at + 1)? } else { return None };
    Some((beginning(tokens, at), end))
}

/// "bor på Tofterne 12", "adresse: Fyrgården 4".
fn home(tokens: &[Token<'_>], at: usize) -> Option<(usize, usize)> {
    let living = tokens.get(at).filter(|token| token.is_word())?;
    if !LIVING.contains(living.text.to_lowercase().as_str()) {
        return None;
    }
    let between = |token: &&Token<'_>| {
        token.is(':') || ["på", "i", "til", "er", "ved", "in", "at"].contains(&token.text)
    };
    let first = at + 1 + tokens.get(at + 1..)?.iter().take(2).take_while(between).count();
    let words = tokens.get(first..)?.iter().take(3);
    let words =
        words.take_while(|token| token.shape == Shape::Upper && token.text.len() > 1).count();
    if words == 0 {
        return None;
    }
    Some((first, house(tokens, first + words)?))
}

/// A house number at `at`: 12, 12B, 12 B, 8-12. Where it ends.
fn house(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let number = tokens.get(at).filter(|number| number.gap == Gap::Space)?;
    if !is_house(number) {
        return None;
    }
    let mut end = at + 1;
    // A range, or a letter that stands apart.
    if let [dash, other, ..] = tokens.get(end..)?
        && dash.is('-')
        && is_house(other)
        && other.gap == Gap::None
    {
        end += 2;
    } else if let Some(letter) = tokens.get(end)
        && letter.shape == Shape::Upper
        && letter.text.len() == 1
        && letter.gap == Gap::Space
        && letter.text != "I"
    {
        end += 1;
    }
    let next = tokens.get(end);
    let counts = next.is_some_and(|next| {
        next.gap != Gap::Line && UNITS.contains(next.text.to_lowercase().as_str())
    });
    // 11.20 is a time, 3,5 an amount.
    let goes_on = matches!(tokens.get(end..), Some([sign, digit, ..])
        if matches!(sign.shape, Shape::Sign('.' | ',' | '/' | '-' | ':'))
            && sign.gap == Gap::None && digit.gap == Gap::None && digit.shape == Shape::Number
            && !digit.text.chars().any(char::is_alphabetic));
    // "1. august" is a day.
    let day = matches!(tokens.get(end..), Some([dot, month, ..])
        if dot.is('.') && dot.gap == Gap::None && MONTHS.contains(month.text.to_lowercase().as_str()));
    (!counts && !goes_on && !day).then_some(end)
}

fn is_house(token: &Token<'_>) -> bool {
    let digits = token.text.chars().take_while(char::is_ascii_digit).count();
    let letters = token.text.chars().skip(digits).count();
    let letter = token.text.chars().skip(digits).all(char::is_alphabetic);
    token.shape == Shape::Number && (1..=3).contains(&digits) && letters <= 1 && letter
}

/// The first word of the street whose last stands at `at`: "Gammel Skolevej", "H.C. Ørsteds Vej".
fn beginning(tokens: &[Token<'_>], at: usize) -> usize {
    let mut first = at;
    while first > 0 && at - first < 5 {
        let (Some(this), Some(before)) = (tokens.get(first), tokens.get(first - 1)) else { break };
        let initial = before.is('.')
            && first > 1
            && tokens.get(first - 2).is_some_and(|initial| {
                initial.shape == Shape::Upper && initial.text.chars().count() == 1
            });
        // The first word of a sentence is no part of a street, but nothing tells it apart.
        let word = before.shape == Shape::Upper
            && this.gap == Gap::Space
            && super::words::may_be_name(&before.text.to_lowercase());
        match (word, initial) {
            (true, _) => first -= 1,
            (_, true) => first -= 2,
            _ => break,
        }
    }
    first
}

/// Passes over a floor and a door behind the house number: ", 2. tv", " st. th.".
fn with_floor(tokens: &[Token<'_>], end: usize) -> usize {
    let mut last = end;
    let mut at = end;
    while let Some(token) = tokens.get(at).filter(|_| at < end + 8) {
        let lower = token.text.to_lowercase();
        if FLOORS.contains(lower.as_str()) && token.gap != Gap::Line {
            last = at + 1;
            // The dot of an abbreviation, and the number of a room.
            if tokens.get(last).is_some_and(|dot| dot.is('.') && dot.gap == Gap::None) {
                last += 1;
            }
            if let Some(room) = tokens.get(last)
                && room.gap == Gap::Space
                && is_house(room)
            {
                last += 1;
            }
            at = last;
            continue;
        }
        let between = token.is(',')
            || token.is('.')
            || (is_house(token)
                && tokens.get(at + 1).is_some_and(|next| next.is('.') || next.is_word()));
        if !between || token.gap == Gap::Line {
            break;
        }
        at += 1;
    }
    last
}

/// Passes over a postal code and a town behind an address.
fn with_town(tokens: &[Token<'_>], end: usize) -> usize {
    let comma = usize::from(tokens.get(end).is_some_and(|token| token.is(',')));
    let code = end + comma;
    town(tokens, code).or_else(|| with_code(tokens, code)).unwrap_or(end)
}

/// A postal code and its town. A year is none, unless a line begins with it.
fn town(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let year = tokens.get(at)?.text;
    let begins = tokens.get(at)?.gap == Gap::Line
        || at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|before| before.is(','));
    if (year.starts_with("19") || year.starts_with("20")) && !begins {
        return None;
    }
    with_code(tokens, at)
}

fn with_code(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let code = tokens.get(at)?;
    let digits = code.text.len() == 4 && code.text.bytes().all(|byte| byte.is_ascii_digit());
    let known = code.text.parse::<u16>().is_ok_and(|code| (800..=9_999).contains(&code));
    if !digits || !known || code.shape != Shape::Number {
        return None;
    }
    let words = tokens.get(at + 1..)?.iter().take(3);
    let named = |token: &&Token<'_>| {
        token.shape == Shape::Upper
            && token.gap == Gap::Space
            && super::words::may_be_name(&token.text.to_lowercase())
            && !token.text.chars().nth(1).is_some_and(char::is_uppercase)
    };
    let words = words.take_while(named).count();
    let end = at + 1 + words;
    // "8000 Aarhus C".
    let part = tokens.get(end).is_some_and(|part| {
        part.gap == Gap::Space && PARTS.contains(part.text) && part.shape == Shape::Upper
    });
    (words > 0).then_some(end + usize::from(part))
}
