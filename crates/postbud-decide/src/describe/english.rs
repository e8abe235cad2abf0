//! English.

use super::percent::{self, Point};
use super::{Names, Voice};
use crate::{DocumentNote, Doubt, NotChecked, Reason, WORKING_DAYS};
use postbud_letter::{DefectKind, DocumentFormat, DocumentTrouble};

pub(super) struct English;

const POINT: Point = Point { point: '.', space: "" };

impl Voice for English {
    fn point(&self) -> Point {
        POINT
    }

    fn routed(&self, mailbox: &str, reason: &Reason) -> String {
        match reason {
            Reason::Rule { rule, .. } => format!("To {mailbox} by the rule \"{rule}\""),
            Reason::Reply { matched } => {
                format!(
                    "To {mailbox}, because the letter answers one of theirs ({})",
                    reply(matched)
                )
            }
            Reason::Kle { subject, pattern } => format!(
                "To {mailbox}, because the letter has the KLE subject {subject} and the mailbox takes {pattern}"
            ),
            Reason::Model { probability, threshold, .. } => {
                let (probability, threshold) = percent::pair(*probability, *threshold, POINT);
                format!("To {mailbox}: the model is {probability} certain, {threshold} is required")
            }
            Reason::Assigned { by } => self.assigned(mailbox, by),
            Reason::Person { .. } => self.goes_to(mailbox),
        }
    }

    fn in_review(&self, suggestion: Option<(String, f64)>, doubt: Option<String>) -> String {
        let mut text = "A person decides".to_owned();
        if let Some((mailbox, probability)) = suggestion {
            let probability = percent::one(probability, POINT);
            text.push_str(&format!(" (suggestion: {mailbox}, {probability})"));
        }
        match doubt {
            Some(doubt) => format!("{text}: {doubt}"),
            None => text,
        }
    }

    fn goes_to(&self, mailbox: &str) -> String {
        format!("The letter goes to {mailbox}")
    }

    fn assigned(&self, mailbox: &str, by: &str) -> String {
        format!("To {mailbox}, assigned by {by}")
    }

    fn waits(&self) -> String {
        "A person decides where the letter goes".to_owned()
    }

    fn no_rule(&self) -> &'static str {
        "Rules: none matches"
    }

    fn rule_matched(&self, rule: &str, matched: &[String]) -> String {
        format!("Rules: \"{rule}\" matches ({})", matched.join(", "))
    }

    fn rule_held(&self) -> &'static str {
        "Rules: one matches and does not send the letter on"
    }

    fn no_reply(&self) -> &'static str {
        "Replies and KLE: no mailbox claims the letter"
    }

    fn reply_matched(&self, matched: &str) -> String {
        format!("Replies: the mailbox claims the letter ({})", reply(matched))
    }

    fn reply_held(&self) -> &'static str {
        "Replies: a mailbox claims the letter and does not get it by itself"
    }

    fn kle_matched(&self, subject: &str, pattern: &str) -> String {
        format!("KLE: the letter has the subject {subject}, and the mailbox takes {pattern}")
    }

    fn kle_held(&self) -> &'static str {
        "KLE: a mailbox takes the letter's subject and does not get it by itself"
    }

    fn model_certain(&self, model: &str, probability: &str, threshold: &str) -> String {
        format!("Model {model}: {probability} certain, {threshold} is required")
    }

    fn model_uncertain(&self, model: Option<&str>) -> String {
        match model {
            Some(model) => format!("Model {model}: does not send the letter on"),
            None => "Model: none".to_owned(),
        }
    }

    fn person(&self) -> &'static str {
        "A person, because:"
    }

    fn doubt(&self, doubt: &Doubt, names: &Names<'_>) -> String {
        match doubt {
            Doubt::Infected { signature } => {
                format!(
                    "the malware check found \"{signature}\" in the letter, so it is quarantined"
                )
            }
            Doubt::Unchecked { why } => {
                format!("the letter was not checked for malware: {}", not_checked(*why))
            }
            Doubt::Rule { rule } => format!("the rule \"{rule}\" asks for a person"),
            Doubt::RuleHeld { rule, mailbox } => {
                format!("the rule \"{rule}\" names {}", names.of(mailbox))
            }
            Doubt::ReplyHeld { matched, mailbox } => {
                format!("{} claims the letter as a reply ({})", names.of(mailbox), reply(matched))
            }
            Doubt::KleHeld { subject, pattern, mailbox } => format!(
                "the letter has the KLE subject {subject}, and {} takes {pattern}",
                names.of(mailbox)
            ),
            Doubt::Defect => "not everything in the letter could be read".to_owned(),
            Doubt::NoText => "the letter has no text".to_owned(),
            Doubt::NearlyEmpty => "the letter has next to no text".to_owned(),
            Doubt::OtherLanguage { language } => format!(
                "the letter is written in {}, of which the model has not learnt enough",
                language_name(language)
            ),
            Doubt::UnlikeTraining { known, least } => {
                let (known, least) = percent::pair(*known, *least, POINT);
                format!(
                    "the letter is unlike those the model has learnt from: \
                     it knows {known} of the text, {least} is required"
                )
            }
            Doubt::NoModel => "there is no model that knows the mailboxes".to_owned(),
            Doubt::UnknownMailbox { mailbox } => {
                format!("the model names \"{mailbox}\", which is no mailbox here")
            }
            Doubt::BelowThreshold { probability, threshold } => {
                let (probability, threshold) = percent::pair(*probability, *threshold, POINT);
                format!("the model is only {probability} certain, {threshold} is required")
            }
            Doubt::NotCertified => {
                "the model cannot keep the promise of few errors for the most probable mailbox"
                    .to_owned()
            }
            Doubt::NotAutomatic => {
                "the most probable mailbox is not switched on for automatic routing".to_owned()
            }
            Doubt::NeverAutomatic => "the mailbox never gets letters automatically".to_owned(),
            Doubt::MustNotMiss { mailbox, probability } => format!(
                "it may be for {} ({}), which must not miss a letter",
                names.of(mailbox),
                percent::one(*probability, POINT)
            ),
            Doubt::Nowhere => "the letter belongs in no mailbox that takes letters".to_owned(),
            Doubt::DeliveryFailed { error } => {
                format!("the letter could not be delivered: {error}")
            }
        }
    }

    fn access(&self, matched: &str) -> String {
        format!(
            "the letter asks for access to documents (\"{matched}\"): answer within {WORKING_DAYS} working days of its receipt, offentlighedsloven § 36(2)"
        )
    }

    fn document(&self, note: &DocumentNote) -> String {
        let number = note.number;
        match note.trouble {
            Some(trouble) => format!("document {number} {}", trouble_words(trouble)),
            None => format!("document {number} is long and was read only in part"),
        }
    }

    fn signed(&self, note: &DocumentNote) -> String {
        let number = note.number;
        match note.format {
            DocumentFormat::Signature => {
                format!("document {number} is a digital signature; nobody has verified it")
            }
            _ => {
                format!("document {number} is digitally signed; nobody has verified the signature")
            }
        }
    }

    fn defect(&self, kind: DefectKind) -> &'static str {
        match kind {
            DefectKind::Empty => "The letter is empty",
            DefectKind::TooLarge => "The letter is larger than the limit and was not read",
            DefectKind::UnknownFormat => "The letter is neither MeMo nor a mail",
            DefectKind::BrokenXml => "The letter's XML is broken or ends early",
            DefectKind::TooDeep => "The letter is nested too deeply",
            DefectKind::MissingElement => "An element that MeMo requires is missing",
            DefectKind::InvalidValue => "A value does not have the form MeMo requires",
            DefectKind::BrokenBase64 => "A document's base64 does not decode",
            DefectKind::BrokenCharset => "Some text is not in the charset it claims",
            DefectKind::TooManyParts => {
                "The letter has more parts than the limit; the rest was not read"
            }
            DefectKind::TextCut => "The text is longer than the limit; the rest was not read",
            DefectKind::NoText => "The letter has no text",
            DefectKind::BrokenMime => "The mail's parts cannot be told apart, or it ends early",
            DefectKind::ReaderFault => "The letter made the reader fail; please report it",
            _ => "Something in the letter could not be read",
        }
    }
}

fn trouble_words(trouble: DocumentTrouble) -> &'static str {
    match trouble {
        DocumentTrouble::Encrypted => "is encrypted with a password or a key and was not read",
        DocumentTrouble::Broken => "is damaged and was not read to its end",
        DocumentTrouble::Empty => "is empty",
        DocumentTrouble::TooLarge => {
            "is too large, or unpacks to too much, and was not read to its end"
        }
        DocumentTrouble::TooDeep => "is nested too deeply and was not read to its end",
        DocumentTrouble::OnlyPictures => "holds pictures and no text that could be read",
        DocumentTrouble::NoOcr => {
            "holds pictures and was not read, because OCR (tesseract) is not installed"
        }
        DocumentTrouble::NoConverter => {
            "is an old Word document and was not read, because neither antiword nor catdoc is installed"
        }
        DocumentTrouble::UnknownFormat => "is of a kind that is not read",
        DocumentTrouble::TookTooLong => "took too long to read and was given up",
        DocumentTrouble::ReaderDied => "made its reader fail and was not read",
        DocumentTrouble::NoReader => "was not read, because no reader could be started",
        DocumentTrouble::BudgetUsedUp => {
            "was not read, because the documents before it took all the time or space"
        }
        _ => "was not read to its end",
    }
}

fn language_name(code: &str) -> &str {
    match code {
        "da" => "Danish",
        "nb" => "Norwegian",
        "sv" => "Swedish",
        "en" => "English",
        "de" => "German",
        _ => "another language",
    }
}

fn reply(matched: &str) -> &str {
    match matched {
        "case-id" => "case id",
        "generating-system" => "generating system",
        "contact-point" => "contact point",
        other => other,
    }
}

fn not_checked(why: NotChecked) -> &'static str {
    match why {
        NotChecked::Away => "the scanner cannot be reached",
        NotChecked::Late => "the scanner did not answer in time",
        NotChecked::TooLarge => "the letter is too large for the scanner",
        NotChecked::BadAnswer => "the scanner's answer could not be understood",
    }
}
