//! What the card says of the letters: how they were divided, what was left out, which words were
//! added, and which labels are doubtful.

use super::numbers::{DANISH, ENGLISH, Numbers};
use crate::check::Finding;
use crate::evaluation::Evaluation;
use crate::split::DividedBy;

/// A remark that is made only when there is something to say, its numbers filled in.
fn remark(count: usize, numbers: &Numbers, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(one.to_owned()),
        count => Some(many.replace("{}", &numbers.count(count))),
    }
}

/// Letters so like many others that they are divided all the same.
fn in_forms(evaluation: &Evaluation) -> usize {
    let letters = |finding: &Finding| match finding {
        Finding::Form { letters, .. } => *letters,
        _ => 0,
    };
    evaluation.findings.iter().map(letters).sum()
}

fn list(heading: &str, remarks: Vec<Option<String>>) -> String {
    let lines: Vec<String> =
        remarks.into_iter().flatten().map(|remark| format!("- {remark}")).collect();
    format!("{heading}\n\n{}", lines.join("\n"))
}

/// The paragraph on the letters, in Danish.
pub(super) fn danish(evaluation: &Evaluation) -> String {
    let tally = &evaluation.tally;
    let words = &evaluation.before.words;
    let number = |count: usize| DANISH.count(count);
    list(
        "Hvad der blev gjort med brevene:",
        vec![
            Some("Breve i samme tråd, og breve med næsten samme ord, står altid på samme side, når der deles, også ved krydsvalideringen.".to_owned()),
            remark(in_forms(evaluation), &DANISH, "", "Undtaget er {} breve, der ligner så mange andre, at de nok er en formular: de deles som andre breve, så tallene for dem er for gode."),
            remark(tally.in_threads, &DANISH, "Ét brev er i en tråd.", "{} breve er i en tråd med andre."),
            remark(tally.near_duplicates, &DANISH, "Ét brev ligner et andet.", "{} breve har næsten samme ord som et andet."),
            remark(tally.duplicates, &DANISH, "Ét brev var der to gange; det blev brugt én gang.", "{} breve var gengangere og blev ikke brugt."),
            remark(tally.conflicts, &DANISH, "Ét brev blev udeladt, fordi det har to mærker.", "{} breve blev udeladt, fordi samme brev har forskellige mærker."),
            remark(evaluation.before.skipped, &DANISH, "Én fil kunne ikke læses og blev sprunget over.", "{} filer kunne ikke læses og blev sprunget over."),
            evaluation.before.mapping.as_ref().map(|mapping| format!(
                "En oversættelse af mærker blev brugt: {} omdøbt, {} nedlagt.",
                number(mapping.renamed.len()),
                number(mapping.vanished.len())
            )),
            Some("Navne på mennesker, gadeadresser, CPR-, telefon- og kontonumre og e-mailadresser er skjult, så vidt de blev fundet, før noget blev lært; docs/SECURITY.md siger, hvor mange der bliver fundet.".to_owned()),
            Some(match evaluation.min_senders {
                0 | 1 => "Også ord, som kun én afsender bruger, er lært: hvem der har modelfilen, kan gætte på et sjældent ord og se, om det stod i et brev.".to_owned(),
                least => format!("Kun ord og dele af ord, som mindst {least} forskellige afsendere bruger, er lært, så modelfilen ikke kan fortælle, hvad der stod i en enkelts breve."),
            }),
            Some(match (words.shipped.len(), words.own.len()) {
                (0, 0) => "Der blev ikke brugt ordlister.".to_owned(),
                (shipped, own) => format!(
                    "Postkasser med ord fra Postbuds egen liste: {}; fra kommunens: {}.",
                    number(shipped),
                    number(own)
                ),
            }),
        ],
    )
}

/// The paragraph on the letters, in English.
pub(super) fn english(evaluation: &Evaluation) -> String {
    let tally = &evaluation.tally;
    let words = &evaluation.before.words;
    let number = |count: usize| ENGLISH.count(count);
    list(
        "What was done with the letters:",
        vec![
            Some("Letters of one thread, and letters with nearly the same words, always stand on the same side of a split, in cross-validation too.".to_owned()),
            remark(in_forms(evaluation), &ENGLISH, "", "Except {} letters so like many others that they are probably a form: they are divided like other letters, so the figures on them flatter."),
            remark(tally.in_threads, &ENGLISH, "One letter is in a thread.", "{} letters are in a thread with others."),
            remark(tally.near_duplicates, &ENGLISH, "One letter is like another.", "{} letters have nearly the same words as another."),
            remark(tally.duplicates, &ENGLISH, "One letter was there twice; it was used once.", "{} letters were there before and were not used."),
            remark(tally.conflicts, &ENGLISH, "One letter was left out because it has two labels.", "{} letters were left out because the same letter has different labels."),
            remark(evaluation.before.skipped, &ENGLISH, "One file could not be read and was skipped.", "{} files could not be read and were skipped."),
            evaluation.before.mapping.as_ref().map(|mapping| format!(
                "A mapping of labels was used: {} renamed, {} gone.",
                number(mapping.renamed.len()),
                number(mapping.vanished.len())
            )),
            Some("Names of people, street addresses, CPR, telephone and account numbers and e-mail addresses were masked, as far as they were found, before anything was learnt; docs/SECURITY.md says how many are found.".to_owned()),
            Some(match evaluation.min_senders {
                0 | 1 => "Words that a single sender uses were learnt too: whoever has the model file can guess a rare word and see whether it stood in a letter.".to_owned(),
                least => format!("Only words and parts of words that at least {least} different senders use were learnt, so that the model file cannot tell what stood in one person's letters."),
            }),
            Some(match (words.shipped.len(), words.own.len()) {
                (0, 0) => "No lists of words were used.".to_owned(),
                (shipped, own) => format!(
                    "Mailboxes with words from Postbud's own list: {}; from the municipality's: {}.",
                    number(shipped),
                    number(own)
                ),
            }),
        ],
    )
}

/// How the held-out letters were chosen, in Danish.
pub(super) fn divided_danish(evaluation: &Evaluation) -> String {
    match evaluation.split {
        DividedBy::Time { from } => format!(
            "den nyeste femtedel: tråde, der begyndte {} eller senere",
            day(from)
        ),
        DividedBy::Chance | DividedBy::Nothing => {
            "tilfældigt, valgt ud fra deres id, før noget blev trænet; brevene har ingen datoer at dele efter".to_owned()
        }
    }
}

/// How the held-out letters were chosen, in English.
pub(super) fn divided_english(evaluation: &Evaluation) -> String {
    match evaluation.split {
        DividedBy::Time { from } => {
            format!("the newest fifth: threads that began on {} or later", day(from))
        }
        DividedBy::Chance | DividedBy::Nothing => {
            "at random, chosen by their ids before anything was trained; the letters have no dates to divide them by".to_owned()
        }
    }
}

/// On doubtful labels, in Danish.
pub(super) fn suspected_danish(evaluation: &Evaluation) -> String {
    let count = evaluation.suspected_labels;
    let text = remark(
        count,
        &DANISH,
        " Ét brev har sandsynligvis et forkert mærke; se `label-check.json`.",
        " {} breve har måske et forkert mærke; de mest tvivlsomme står i `label-check.json`.",
    );
    text.unwrap_or_default()
}

/// On doubtful labels, in English.
pub(super) fn suspected_english(evaluation: &Evaluation) -> String {
    let count = evaluation.suspected_labels;
    let text = remark(
        count,
        &ENGLISH,
        " One letter probably has a wrong label; see `label-check.json`.",
        " {} letters may have a wrong label; the most doubtful are in `label-check.json`.",
    );
    text.unwrap_or_default()
}

/// The day of a moment, in UTC.
fn day(at: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(at);
    moment.map_or_else(|_| at.to_string(), |moment| moment.strftime("%Y-%m-%d").to_string())
}
