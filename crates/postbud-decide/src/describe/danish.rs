//! Danish, the language of the people at work.

use super::percent::{self, Point};
use super::{Names, Voice};
use crate::{DocumentNote, Doubt, NotChecked, Reason, WORKING_DAYS};
use postbud_letter::{DefectKind, DocumentFormat, DocumentTrouble};

pub(super) struct Danish;

const POINT: Point = Point { point: ',', space: " " };

impl Voice for Danish {
    fn point(&self) -> Point {
        POINT
    }

    fn routed(&self, mailbox: &str, reason: &Reason) -> String {
        match reason {
            Reason::Rule { rule, .. } => format!("Til {mailbox} efter reglen »{rule}«"),
            Reason::Reply { matched } => {
                format!("Til {mailbox}, fordi brevet svarer på et brev derfra ({})", reply(matched))
            }
            Reason::Kle { subject, pattern } => format!(
                "Til {mailbox}, fordi brevet har KLE-emnet {subject}, og postkassen tager {pattern}"
            ),
            Reason::Model { probability, threshold, .. } => {
                let (probability, threshold) = percent::pair(*probability, *threshold, POINT);
                format!("Til {mailbox}: modellen er {probability} sikker, kravet er {threshold}")
            }
            Reason::Assigned { by } => self.assigned(mailbox, by),
            Reason::Person { .. } => self.goes_to(mailbox),
        }
    }

    fn in_review(&self, suggestion: Option<(String, f64)>, doubt: Option<String>) -> String {
        let mut text = "En medarbejder skal fordele brevet".to_owned();
        if let Some((mailbox, probability)) = suggestion {
            let probability = percent::one(probability, POINT);
            text.push_str(&format!(" (forslag: {mailbox}, {probability})"));
        }
        match doubt {
            Some(doubt) => format!("{text}: {doubt}"),
            None => text,
        }
    }

    fn goes_to(&self, mailbox: &str) -> String {
        format!("Brevet går til {mailbox}")
    }

    fn assigned(&self, mailbox: &str, by: &str) -> String {
        format!("Til {mailbox}, fordelt af {by}")
    }

    fn waits(&self) -> String {
        "En medarbejder skal fordele brevet".to_owned()
    }

    fn no_rule(&self) -> &'static str {
        "Regler: ingen passer"
    }

    fn rule_matched(&self, rule: &str, matched: &[String]) -> String {
        let matched: Vec<String> = matched.iter().map(|name| condition(name)).collect();
        format!("Regler: »{rule}« passer ({})", matched.join(", "))
    }

    fn rule_held(&self) -> &'static str {
        "Regler: en passer, men sender ikke brevet videre"
    }

    fn no_reply(&self) -> &'static str {
        "Svar og KLE: ingen postkasse gør krav på brevet"
    }

    fn reply_matched(&self, matched: &str) -> String {
        format!("Svar: postkassen gør krav på brevet ({})", reply(matched))
    }

    fn reply_held(&self) -> &'static str {
        "Svar: en postkasse gør krav på brevet, men får det ikke uden videre"
    }

    fn kle_matched(&self, subject: &str, pattern: &str) -> String {
        format!("KLE: brevet har emnet {subject}, og postkassen tager {pattern}")
    }

    fn kle_held(&self) -> &'static str {
        "KLE: en postkasse tager brevets emne, men får det ikke uden videre"
    }

    fn model_certain(&self, model: &str, probability: &str, threshold: &str) -> String {
        format!("Model {model}: {probability} sikker, kravet er {threshold}")
    }

    fn model_uncertain(&self, model: Option<&str>) -> String {
        match model {
            Some(model) => format!("Model {model}: sender ikke brevet videre"),
            None => "Model: ingen".to_owned(),
        }
    }

    fn person(&self) -> &'static str {
        "En medarbejder, fordi:"
    }

    fn doubt(&self, doubt: &Doubt, names: &Names<'_>) -> String {
        match doubt {
            Doubt::Infected { signature } => {
                format!("viruskontrollen fandt »{signature}« i brevet, som derfor er tilbageholdt")
            }
            Doubt::Unchecked { why } => {
                format!("brevet er ikke kontrolleret for virus: {}", not_checked(*why))
            }
            Doubt::Rule { rule } => format!("reglen »{rule}« beder om en medarbejder"),
            Doubt::RuleHeld { rule, mailbox } => {
                format!("reglen »{rule}« peger på {}", names.of(mailbox))
            }
            Doubt::ReplyHeld { matched, mailbox } => {
                format!("{} gør krav på brevet som svar ({})", names.of(mailbox), reply(matched))
            }
            Doubt::KleHeld { subject, pattern, mailbox } => {
                format!("brevet har KLE-emnet {subject}, og {} tager {pattern}", names.of(mailbox))
            }
            Doubt::Defect => "ikke alt i brevet kunne læses".to_owned(),
            Doubt::NoText => "brevet har ingen tekst".to_owned(),
            Doubt::NearlyEmpty => "brevet har næsten ingen tekst".to_owned(),
            Doubt::OtherLanguage { language } => format!(
                "brevet er skrevet på {}, og det har modellen ikke lært nok af",
                language_name(language)
            ),
            Doubt::UnlikeTraining { known, least } => {
                let (known, least) = percent::pair(*known, *least, POINT);
                format!(
                    "brevet ligner ikke dem, modellen har lært af: \
                     den kender {known} af teksten, kravet er {least}"
                )
            }
            Doubt::NoModel => "der er ingen model, som kender postkasserne".to_owned(),
            Doubt::UnknownMailbox { mailbox } => {
                format!("modellen peger på »{mailbox}«, som ikke er en postkasse her")
            }
            Doubt::BelowThreshold { probability, threshold } => {
                let (probability, threshold) = percent::pair(*probability, *threshold, POINT);
                format!("modellen er kun {probability} sikker, kravet er {threshold}")
            }
            Doubt::NotCertified => {
                "modellen kan ikke holde løftet om få fejl for den mest sandsynlige postkasse"
                    .to_owned()
            }
            Doubt::NotAutomatic => {
                "den mest sandsynlige postkasse er ikke slået til for automatisk fordeling"
                    .to_owned()
            }
            Doubt::NeverAutomatic => "postkassen får aldrig breve automatisk".to_owned(),
            Doubt::MustNotMiss { mailbox, probability } => format!(
                "brevet kan høre til {} ({}), hvor intet må overses",
                names.of(mailbox),
                percent::one(*probability, POINT)
            ),
            Doubt::Nowhere => "brevet hører ikke til i en postkasse, der modtager breve".to_owned(),
            Doubt::DeliveryFailed { error } => format!("brevet kunne ikke afleveres: {error}"),
        }
    }

    fn access(&self, matched: &str) -> String {
        format!(
            "brevet beder om aktindsigt (»{matched}«): svar inden {WORKING_DAYS} arbejdsdage efter modtagelsen, offentlighedsloven § 36, stk. 2"
        )
    }

    fn document(&self, note: &DocumentNote) -> String {
        let number = note.number;
        match note.trouble {
            Some(trouble) => format!("bilag {number} {}", trouble_words(trouble)),
            None => format!("bilag {number} er langt og kun læst delvis"),
        }
    }

    fn signed(&self, note: &DocumentNote) -> String {
        let number = note.number;
        match note.format {
            DocumentFormat::Signature => {
                format!("bilag {number} er en digital underskrift; den er ikke kontrolleret")
            }
            _ => format!(
                "bilag {number} er underskrevet digitalt; underskriften er ikke kontrolleret"
            ),
        }
    }

    fn defect(&self, kind: DefectKind) -> &'static str {
        match kind {
            DefectKind::Empty => "Brevet er tomt",
            DefectKind::TooLarge => "Brevet er større end grænsen og er ikke læst",
            DefectKind::UnknownFormat => "Brevet er hverken MeMo eller en mail",
            DefectKind::BrokenXml => "Brevets XML er beskadiget eller slutter for tidligt",
            DefectKind::TooDeep => "Brevet er indlejret for dybt",
            DefectKind::MissingElement => "Et element, som MeMo kræver, mangler",
            DefectKind::InvalidValue => "En værdi har ikke den form, MeMo kræver",
            DefectKind::BrokenBase64 => "Et dokuments base64 kan ikke afkodes",
            DefectKind::BrokenCharset => "Noget af teksten har ikke det tegnsæt, den siger",
            DefectKind::TooManyParts => "Brevet har flere dele end grænsen; resten er ikke læst",
            DefectKind::TextCut => "Teksten er længere end grænsen; resten er ikke læst",
            DefectKind::NoText => "Brevet har ingen tekst",
            DefectKind::BrokenMime => {
                "Mailens dele kan ikke skelnes, eller den slutter for tidligt"
            }
            DefectKind::ReaderFault => "Brevet fik læseren til at fejle; meld det venligst",
            _ => "Noget i brevet kunne ikke læses",
        }
    }
}

fn trouble_words(trouble: DocumentTrouble) -> &'static str {
    match trouble {
        DocumentTrouble::Encrypted => {
            "er krypteret med en adgangskode eller en nøgle og er ikke læst"
        }
        DocumentTrouble::Broken => "er beskadiget og ikke læst til ende",
        DocumentTrouble::Empty => "er tomt",
        DocumentTrouble::TooLarge => {
            "er for stort, eller pakker ud til for meget, og er ikke læst til ende"
        }
        DocumentTrouble::TooDeep => "er indlejret for dybt og ikke læst til ende",
        DocumentTrouble::OnlyPictures => "rummer billeder og ingen tekst, der kunne læses",
        DocumentTrouble::NoOcr => {
            "rummer billeder og er ikke læst, fordi tekstgenkendelse (tesseract) ikke er installeret"
        }
        DocumentTrouble::NoConverter => {
            "er et gammelt Word-dokument og er ikke læst, fordi hverken antiword eller catdoc er installeret"
        }
        DocumentTrouble::UnknownFormat => "er af en art, der ikke læses",
        DocumentTrouble::TookTooLong => "tog for lang tid at læse og blev opgivet",
        DocumentTrouble::ReaderDied => "fik læseren til at gå ned og er ikke læst",
        DocumentTrouble::NoReader => "er ikke læst, fordi ingen læser kunne startes",
        DocumentTrouble::BudgetUsedUp => {
            "er ikke læst, fordi bilagene før det brugte al tid eller plads"
        }
        _ => "er ikke læst til ende",
    }
}

fn language_name(code: &str) -> &str {
    match code {
        "da" => "dansk",
        "nb" => "norsk",
        "sv" => "svensk",
        "en" => "engelsk",
        "de" => "tysk",
        _ => "et andet sprog",
    }
}

fn reply(matched: &str) -> &str {
    match matched {
        "case-id" => "sagsnummer",
        "generating-system" => "fagsystem",
        "contact-point" => "kontaktpunkt",
        other => other,
    }
}

/// The name of a condition, which may be followed by what it compares with.
fn condition(name: &str) -> String {
    if let Some(inner) = name.strip_prefix("not ") {
        return format!("ikke {}", condition(inner));
    }
    let (label, rest) = name.split_once(':').map_or((name, ""), |(label, rest)| (label, rest));
    let danish = match label {
        "contact point id" => "kontaktpunktets id",
        "contact point label" => "kontaktpunkt",
        "contact point group" => "kontaktgruppe",
        "message code" => "meddelelseskode",
        "sender id" => "afsenderens nummer",
        "sender type" => "afsenderens art",
        "sender address" => "afsenderens adresse",
        "kle" => "KLE",
        "reply" => "svar",
        "no reply" => "ikke svar",
        "case id" => "sagsnummer",
        "generating system" => "fagsystem",
        "words" => "ord",
        "words in the subject" => "ord i emnet",
        "words in the text" => "ord i teksten",
        "language" => "sprog",
        "channel" => "kanal",
        "words in a document" => "ord i et bilag",
        "attachment" => "bilag",
        "document format" => "bilagets format",
        other => other,
    };
    if rest.is_empty() { danish.to_owned() } else { format!("{danish}:{rest}") }
}

fn not_checked(why: NotChecked) -> &'static str {
    match why {
        NotChecked::Away => "kontrollen kan ikke nås",
        NotChecked::Late => "kontrollen svarede ikke i tide",
        NotChecked::TooLarge => "brevet er for stort til kontrollen",
        NotChecked::BadAnswer => "kontrollens svar kunne ikke forstås",
    }
}
