//! What is masked and what is not.

use proptest::prelude::*;

use super::*;

#[test]
fn what_points_to_a_person_is_masked() {
    for (text, masked) in [
        ("Ring 12 34 56 78 nu", "Ring #00000# nu"),
        ("tlf. 12345678", "tlf. #00000#"),
        ("+45 1234 5678", "+#00000#"),
        ("konto 1234 0001234567 i banken", "konto #00000# i banken"),
        ("kort 4571 0000 0000 0000", "kort #00000#"),
        ("DK5000400440116243 ok", "DK#00000# ok"),
        ("skriv til anna.holm@borger.example, tak.", "skriv til #00000#, tak."),
        ("010190-0000 bor her", "#00000# bor her"),
    ] {
        assert_eq!(mask(text), masked, "{text}");
    }
    for text in ["den 24.11.2026 kl. 10.30", "§ 81 a", "a@b", "2026-11-24", ""] {
        assert!(matches!(mask(text), Cow::Borrowed(_)), "{text} became {}", mask(text));
    }
}

/// Every text with all that must go from it, in brackets.
fn check(texts: &[&str]) {
    for marked in texts {
        let plain = marked.replace(['[', ']'], "");
        let mut expected = String::new();
        for part in marked.split('[') {
            match part.split_once(']') {
                Some((_, rest)) => expected += &format!("{MASK}{rest}"),
                None => expected += part,
            }
        }
        assert_eq!(mask(&plain), expected, "{plain}");
    }
}

#[test]
fn names_where_people_put_them() {
    check(&[
        "Kan I hente en sofa?\n\nMed venlig hilsen\n[Zwi Quazsqvist]",
        "Kan I hente en sofa? Mvh [Quaz]",
        "Kan I hente en sofa? M.v.h. [Quaz Zorn]",
        "Hul i vejen.\nmvh\n[quaz]",
        "Hul i vejen.\n[Quaz Zorn], formand",
        "Hul i vejen. [Quaz Zorn] [010190-0000]",
        "Hul i vejen.\n/[Quaz]",
        "Hvornår kommer I? Tak for hjælpen, [Quaz Zorn]",
        "[Quaz Zorn], [010190-0000], har ikke fået sit pas endnu.",
        "Min søn [Quaz] går i 3.b og vores datter [Zita Bo] i 5.",
        "Jeg hedder [Quaz Zorn] og vil gerne klage.",
        "Kære [Quaz]\n\nHvornår kommer I",
        "Til fru [Zorn] har vi leveret to sko, skriver [K. Zorn] her.",
        "Jeg talte med [Lone] og med vicevært [Quazsen] om det.",
        "Det er [elias] på tre, [Frejas] bror, som skal i dagpleje.",
        "Best regards,\n[Quaz van Zorn]",
        "Hilsen [Bodil Feldthus], der bor her",
    ]);
}

#[test]
fn addresses_as_people_write_them() {
    check(&[
        "Vi bor [Gammel Skolevej 12B, 2. tv., 8000 Aarhus C] i dag",
        "Der er hul ud for [Havnegade 30, 2. tv.]",
        "Hent den på [ravstien 3] på mandag",
        "[H.C. Ørsteds Vej 8-12] er spærret",
        "Jeg bor på [Tofterne 4, st. th.] nu",
        "[2100 København Ø] er for langt væk",
        "Ud for [Nørre Kanal 14] ligger et dæk",
        "Det er [Lindehaven 8]. Tak",
    ]);
}

#[test]
fn what_is_no_name_and_no_address_stays() {
    check(&[
        "Hul på Skolegade, lige før kirken",
        "Skolevej 12 gange om året",
        "Vi ses på Torvet 11.20",
        "Klitkøbing Kommune, Borgerservice",
        "Kære kommune\nHvornår kommer I?",
        "Hans ansøgning er afvist. Hun bor i 2019 Huset",
        "Venlig hilsen\nen træt mor til tre",
        "SV: Logiværtserklæring",
        "Min mand I har talt med er syg",
        "Skolen flytter til Fyn 1. august",
        "Må man bo i telt i haven 3 dage",
    ]);
}

#[test]
fn a_quantity_at_the_end_of_a_letter_is_no_signature() {
    check(&[
        "Her er årets aflæsning.\n\nForbrug 412 m3",
        "Her er årets aflæsning.\nForbrug - 412 m3",
        "Her er årets aflæsning.\nForbrug 412 m3\nMåler 30418\nRestgæld 1.200 kr",
        "Hvad skal jeg betale? Restgæld 1.200 kr",
        "Hvor er nøglen?\nLokale 12",
        "Her er årets aflæsning.\nSamlet Forbrug 412 m3",
        "Her er årets aflæsning.\nTilløb Toften 412 m3",
        "Her er årets aflæsning.\nForbrug 412 m3\n\nMvh\n[Quaz Zorn]",
        "Hul i vejen.\n[Quaz] [12 34 56 78]",
        "Hul i vejen.\n[Quaz Zorn] [12 34 56 78]",
        "Hvornår kommer I?\n[Quaz Zorn] 3.b",
        "Hvornår kommer I?\n[Lone] 3.b",
    ]);
}

#[test]
fn what_two_rules_find_in_one_place_is_masked_to_its_end() {
    let masked = mask("Skriv til Skolevej 3-bent@eksempel.dk i dag");
    assert_eq!(masked, "Skriv til #00000##00000# i dag");
}

proptest! {
    #[test]
    fn masking_never_fails_and_ends(text in "(\\PC|[0-9]|[ @.+-]|\n|Mvh |Ida |Skolevej 3)*") {
        // What is masked gives way to other signatures, but never to numbers.
        let left = find(&mask(&text)).iter().any(|found| found.kind == Kind::Number || found.kind == Kind::Email);
        prop_assert!(!left);
    }

    #[test]
    fn what_is_found_lies_in_the_text_in_order(text in "(\\PC|Hilsen |Bo |Åse Holm|8000 Aarhus|\n| 12)*") {
        let mut end = 0;
        for found in find(&text) {
            prop_assert!(found.range.start >= end && found.range.end > found.range.start);
            prop_assert!(text.get(found.range.clone()).is_some());
            end = found.range.end;
        }
    }
}
