//! `postbud doctor`: looks at everything that an installation depends on, changes nothing, and
//! says what to do.

mod certificates;
mod documents;
mod finding;
mod intake;
mod keys;
mod places;
mod reach;
mod scanner;
mod servers;
mod targets;

use std::path::Path;

use anyhow::Context;
use postbud_decide::Settings;
use serde_json::json;

use crate::cli::{DoctorArgs, Lang};
use crate::exit::{self, Failure};
use crate::{classifier, config, output, telemetry, wiring};

use finding::{Finding, Level, fault, good, note};

/// Looks, prints what was found, and fails when there is a fault.
pub(crate) async fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "error");
    let mut findings = vec![good(
        "configuration",
        format!(
            "{} mailboxes, {} rules",
            config.settings.mailboxes.len(),
            config.settings.rules.len()
        ),
        format!(
            "{} postkasser, {} regler",
            config.settings.mailboxes.len(),
            config.settings.rules.len()
        ),
    )];
    findings.extend(kle(&config.settings));
    findings.extend(servers::store(&config).await);
    findings.extend(keys::keys(&config).await);
    findings.extend(servers::queue(&config).await);
    findings.push(model(&config));
    findings.extend(intake::intake(&config).await);
    findings.extend(targets::targets(&config).await);
    findings.extend(documents::documents(&config));
    findings.extend(scanner::scanner(&config));
    findings.extend(places::disk(&config));
    let files = certificates::configured(&config);
    findings.extend(files.iter().chain(&args.certificate).map(|file| certificates::check(file)));
    print(&findings, args)?;
    let faults = findings.iter().filter(|finding| finding.level == Level::Fault).count();
    if faults == 0 {
        return Ok(());
    }
    let what = match output::lang(args.output.lang) {
        Lang::En => format!("{faults} of these keep Postbud from working"),
        Lang::Da => format!("{faults} af dem hindrer Postbud i at arbejde"),
    };
    Err(Failure::new(exit::FAILED, what).into())
}

/// The table of KLE subjects, where letters go by it.
fn kle(settings: &Settings) -> Option<Finding> {
    if !settings.by_kle {
        return None;
    }
    let entries: usize = settings.mailboxes.iter().map(|mailbox| mailbox.kle.len()).sum();
    let mailboxes = settings.mailboxes.iter().filter(|mailbox| !mailbox.kle.is_empty()).count();
    Some(good(
        "kle",
        format!(
            "letters go by KLE subject: {entries} entries on {mailboxes} mailboxes (`postbud kle`)"
        ),
        format!(
            "breve går efter KLE-emne: {entries} emner på {mailboxes} postkasser (`postbud kle`)"
        ),
    ))
}

fn model(config: &config::Config) -> Finding {
    let path = config.model.display();
    if !Path::new(&config.model).exists() {
        return note(
            "model",
            format!("there is none at {path}: people decide about everything"),
            format!("der er ingen i {path}: mennesker afgør alt"),
        )
        .advise(
            "`postbud train` makes one; that is as it should be at the beginning",
            "`postbud train` laver en; sådan skal det være i begyndelsen",
        );
    }
    let judged = classifier::open(&config.model).context("open").and_then(|(model, name)| {
        match classifier::accepts(config, &model) {
            Ok(()) => Ok((name, model.labels().len())),
            Err(why) => Err(anyhow::anyhow!("{name}: {why}")),
        }
    });
    match judged {
        Ok((name, labels)) => {
            let on = config.settings.mailboxes.iter().filter(|mailbox| mailbox.automatic).count();
            good(
                "model",
                format!("{name} verifies; {labels} labels, {on} mailboxes switched on"),
                format!("{name} er i orden; {labels} mærker, {on} postkasser slået til"),
            )
        }
        Err(error) => {
            let why = error.chain().last().map_or_else(String::new, ToString::to_string);
            fault("model", why.clone(), why).advise(
                "promote another version (`postbud model list`), or train again",
                "forfrem en anden version (`postbud model list`), eller træn igen",
            )
        }
    }
}

fn print(findings: &[Finding], args: &DoctorArgs) -> anyhow::Result<()> {
    let lang = output::lang(args.output.lang);
    if args.output.json {
        let rows: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "part": finding.part,
                    "level": finding.level.as_str(),
                    "says": finding.says.pick(lang),
                    "advice": finding.advice.as_ref().map(|advice| advice.pick(lang)),
                })
            })
            .collect();
        return output::json(&json!({ "findings": rows }));
    }
    for finding in findings {
        output::line(&finding.line(lang))?;
    }
    Ok(())
}
