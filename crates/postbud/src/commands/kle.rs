//! `postbud kle`: which mailbox takes which KLE subject, as the configuration says it.

use postbud_decide::{KleSubject, Mailbox, Settings, Taken, Tier, taken};
use serde_json::json;

use crate::cli::{KleArgs, Lang};
use crate::exit::{self, Failure};
use crate::{output, wiring};

/// Prints the table, or who takes one subject.
pub(crate) fn run(args: &KleArgs) -> anyhow::Result<()> {
    let settings = wiring::installation(&args.config)?.settings;
    let lang = output::lang(args.output.lang);
    let Some(text) = &args.subject else {
        let rows = rows(&settings.mailboxes);
        if args.output.json {
            let rows: Vec<_> = rows
                .iter()
                .map(|(pattern, mailbox)| json!({ "pattern": pattern, "mailbox": mailbox.id }))
                .collect();
            return output::json(&json!({ "route": settings.by_kle, "table": rows }));
        }
        return output::line(&table(lang, &settings));
    };
    let Some(subject) = KleSubject::parse(text) else {
        let what = "this is no KLE subject; write one like 27.36.04";
        return Err(Failure::new(exit::CONFIGURATION, what).into());
    };
    let found = taken(&settings.mailboxes, &subject);
    if args.output.json {
        return output::json(&json!({
            "route": settings.by_kle,
            "subject": subject,
            "mailbox": found.as_ref().map(|taken| &taken.mailbox),
            "pattern": found.as_ref().map(|taken| &taken.pattern),
        }));
    }
    output::line(&answer(lang, &settings, &subject, found.as_ref()))
}

/// Every entry with its mailbox, by number; a branch before what lies in it.
fn rows(mailboxes: &[Mailbox]) -> Vec<(&str, &Mailbox)> {
    let entries = mailboxes
        .iter()
        .flat_map(|mailbox| mailbox.kle.iter().map(move |pattern| (pattern.as_str(), mailbox)));
    let mut rows: Vec<_> = entries.collect();
    // '*' comes before every digit, so 27.* stands before 27.03.* and that before 27.03.04.
    rows.sort_by_key(|(pattern, _)| *pattern);
    rows
}

fn table(lang: Lang, settings: &Settings) -> String {
    let header = match lang {
        Lang::Da => ["KLE", "postkasse", "navn", ""],
        Lang::En => ["KLE", "mailbox", "name", ""],
    };
    let row = |(pattern, mailbox): (&str, &Mailbox)| {
        let name = output::plain(&mailbox.name);
        vec![pattern.to_owned(), mailbox.id.to_string(), name, remark(lang, mailbox).to_owned()]
    };
    let rows = rows(&settings.mailboxes).into_iter().map(row).collect();
    format!("{}\n{}", output::table(&header, &[], rows), switch(lang, settings))
}

/// What keeps letters from a mailbox, whoever takes the subject.
fn remark(lang: Lang, mailbox: &Mailbox) -> &'static str {
    match (lang, mailbox.target.is_none(), mailbox.tier == Tier::NeverAutomatic) {
        (_, false, false) => "",
        (Lang::Da, true, _) => "en medarbejder får brevene",
        (Lang::En, true, _) => "a person gets the letters",
        (Lang::Da, false, true) => "aldrig automatisk: en medarbejder får brevene",
        (Lang::En, false, true) => "never automatic: a person gets the letters",
    }
}

fn switch(lang: Lang, settings: &Settings) -> &'static str {
    match (lang, settings.by_kle) {
        (Lang::Da, true) => "Breve med et KLE-emne går efter tabellen; det mest præcise vinder.",
        (Lang::En, true) => "Letters with a KLE subject go by this table; the most specific wins.",
        (Lang::Da, false) => {
            "Ingen breve går efter tabellen, før [kle] i opsætningen siger route = true."
        }
        (Lang::En, false) => {
            "No letter goes by this table until [kle] in the configuration says route = true."
        }
    }
}

fn answer(lang: Lang, settings: &Settings, subject: &KleSubject, found: Option<&Taken>) -> String {
    let said = match (found, lang) {
        (None, Lang::Da) => format!("{subject}: ingen postkasse tager det; modellen spørges"),
        (None, Lang::En) => format!("{subject}: no mailbox takes it; the model is asked"),
        (Some(Taken { mailbox, pattern }), _) => {
            let known = settings.mailbox(mailbox);
            let name = known.map_or_else(String::new, |found| output::plain(&found.name));
            let remark = known.map_or("", |found| remark(lang, found));
            let remark = if remark.is_empty() { String::new() } else { format!("; {remark}") };
            format!("{subject}: {mailbox} ({name}), {pattern}{remark}")
        }
    };
    if settings.by_kle { said } else { format!("{said}\n{}", switch(lang, settings)) }
}

#[cfg(test)]
mod tests {
    use postbud_decide::{KlePattern, MailboxId, Target};

    use super::*;

    fn mailbox(id: &str, name: &str, kle: &[&str]) -> Mailbox {
        let mut mailbox = Mailbox::new(MailboxId::parse(id).unwrap(), name);
        mailbox.kle = kle.iter().map(|text| KlePattern::parse(text).unwrap()).collect();
        mailbox.target = Some(Target::Maildir { path: id.to_owned() });
        mailbox
    }

    fn settings() -> Settings {
        let mut nowhere = mailbox("andet", "Uden for kommunen", &["27.03.*"]);
        nowhere.target = None;
        let mut never = mailbox("whistleblower", "Whistleblower", &["81.39.04"]);
        never.tier = Tier::NeverAutomatic;
        let mailboxes = vec![
            mailbox("visitation", "Visitation og hjemmepleje", &["27.36.*", "27.*"]),
            mailbox("hjaelpemidler", "Hjælpemidler", &["27.60.*", "27.36.04"]),
            nowhere,
            never,
        ];
        Settings { mailboxes, by_kle: true, ..Settings::default() }
    }

    #[test]
    fn the_table_reads_from_the_broad_to_the_narrow() {
        let off = Settings { by_kle: false, ..settings() };
        let shown = [table(Lang::Da, &settings()), table(Lang::En, &off)];
        insta::assert_snapshot!(shown.join("\n\n"));
    }

    #[test]
    fn one_subject_is_answered_with_the_entry_that_decides() {
        let ask = |lang, settings: &Settings, text| {
            let subject = KleSubject::parse(text).unwrap();
            let found = taken(&settings.mailboxes, &subject);
            answer(lang, settings, &subject, found.as_ref())
        };
        let on = settings();
        let off = Settings { by_kle: false, ..settings() };
        let shown = [
            ask(Lang::En, &on, "27.36.04"),
            ask(Lang::En, &on, "27.36.05"),
            ask(Lang::Da, &on, "27.12.00"),
            ask(Lang::Da, &on, "27.03.01"),
            ask(Lang::En, &on, "81.39.04"),
            ask(Lang::Da, &on, "17.00.00"),
            ask(Lang::En, &off, "17.00.00"),
        ];
        insta::assert_snapshot!(shown.join("\n"));
    }
}
