//! The words that stand around a letter, in each language.

use postbud_decide::Lang;

/// What the headings and labels are called.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title_memo: &'static str,
    pub(super) title_carried: &'static str,
    pub(super) title_unknown: &'static str,
    pub(super) digital_post: &'static str,
    pub(super) no_subject: &'static str,
    pub(super) no_text: &'static str,
    pub(super) earlier: &'static str,
    pub(super) attachment: &'static str,
    pub(super) from: &'static str,
    pub(super) representative: &'static str,
    pub(super) attention: &'static str,
    pub(super) phone: &'static str,
    pub(super) mail: &'static str,
    pub(super) to: &'static str,
    pub(super) contact_point: &'static str,
    pub(super) sent: &'static str,
    pub(super) reply_by: &'static str,
    pub(super) legal: &'static str,
    pub(super) case: &'static str,
    pub(super) answers: &'static str,
    pub(super) forwarded: &'static str,
    pub(super) comment: &'static str,
    pub(super) concerns: &'static str,
    pub(super) property: &'static str,
    pub(super) vehicle: &'static str,
    pub(super) address: &'static str,
    pub(super) why: &'static str,
    pub(super) not_mine: &'static str,
    pub(super) documents: &'static str,
    pub(super) note: &'static str,
    pub(super) has_defects: &'static str,
}

/// The words of a language.
pub(super) fn words(language: Lang) -> &'static Words {
    match language {
        Lang::Danish => &DANISH,
        Lang::English => &ENGLISH,
    }
}

const DANISH: Words = Words {
    title_memo: "Brev fra Digital Post",
    title_carried: "En e-mail, der ikke kan sendes videre, som den er. Den ligger uændret i \
                    vedhæftningen original.eml",
    title_unknown: "En meddelelse, der hverken er Digital Post eller e-mail. Den ligger uændret i \
                    vedhæftningen original.bin",
    digital_post: "Digital Post",
    no_subject: "(uden emne)",
    no_text: "(Brevet har ingen tekst. Se vedhæftningerne.)",
    earlier: "Tidligere i samme korrespondance:",
    attachment: "bilag",
    from: "Fra",
    representative: "Repræsentant",
    attention: "Att.",
    phone: "Telefon",
    mail: "E-mail",
    to: "Til",
    contact_point: "Kontaktpunkt",
    sent: "Sendt",
    reply_by: "Svar ønskes senest",
    legal: "Brevet har retsvirkning fra modtagelsen",
    case: "Sag",
    answers: "Svar på",
    forwarded: "Videresendt brev fra",
    comment: "Kommentar",
    concerns: "Vedrører",
    property: "Ejendomsnummer",
    vehicle: "Køretøj",
    address: "Adresse",
    why: "Hvorfor her",
    not_mine: "Ikke til jer? Send det tilbage",
    documents: "Vedhæftet",
    note: "Bemærk",
    has_defects: "dele af brevet kunne ikke læses; se den originale meddelelse i vedhæftningen",
};

const ENGLISH: Words = Words {
    title_memo: "Letter from Digital Post",
    title_carried: "A mail that cannot be passed on as it is. It is attached unchanged as \
                    original.eml",
    title_unknown: "A message that is neither Digital Post nor mail. It is attached unchanged as \
                    original.bin",
    digital_post: "Digital Post",
    no_subject: "(no subject)",
    no_text: "(The letter has no text. See the attachments.)",
    earlier: "Earlier in the same correspondence:",
    attachment: "attachment",
    from: "From",
    representative: "Representative",
    attention: "Attn.",
    phone: "Telephone",
    mail: "E-mail",
    to: "To",
    contact_point: "Contact point",
    sent: "Sent",
    reply_by: "Reply wanted by",
    legal: "The letter has legal effect on receipt",
    case: "Case",
    answers: "Answers",
    forwarded: "Forwarded letter from",
    comment: "Comment",
    concerns: "Concerns",
    property: "Property number",
    vehicle: "Vehicle",
    address: "Address",
    why: "Why here",
    not_mine: "Not for you? Send it back",
    documents: "Attached",
    note: "Note",
    has_defects: "parts of the letter could not be read; see the original message attached",
};
