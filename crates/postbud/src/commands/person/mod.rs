//! `postbud person`: what a person can ask for. Everything held about them, that it is erased, or
//! that nothing about them is decided automatically.

mod dead;
mod desk;
mod erase;
mod export;
mod files;
mod index;
mod key;
mod words;

use std::io::Read as _;

use postbud_letter::{LetterId, privacy};
use postbud_pipeline::ports::{Access, Desk as _, Timestamp, is_person};
use postbud_store::{PersonKey, SqlStore};
use serde_json::json;

use crate::cli::{Lang, PersonArgs, PersonCommand};
use crate::config::Config;
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

pub(crate) use desk::PeopleAtDesk;
pub(crate) use key::existing_key;

/// So many digits of a person's name in the index stand in the access log.
const NAME_DIGITS: usize = 12;
/// More is no CPR number.
const INPUT_BYTES: u64 = 64;

/// Does what was asked.
pub(crate) async fn run(args: &PersonArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let cpr = cpr(&args.cpr)?;
    let by = args.by.trim();
    if !is_person(by) {
        let message = "--by takes the name of the person who asks";
        return Err(Failure::new(exit::CONFIGURATION, message).into());
    }
    let store = wiring::store(&config).await?;
    let why = match &args.command {
        PersonCommand::Export { .. } => "person-export",
        PersonCommand::Erase => "person-erase",
        PersonCommand::Restrict { lift } => restricting(!lift),
    };
    let key = begin(&config, &store, &cpr, by, why).await?;
    match &args.command {
        PersonCommand::Export { to } => {
            let holding = export::Holding::of(&config, &store, (&key, &cpr)).await?;
            export::run(&config, &store, &holding, by, to).await?;
            let (letters, dead) = (holding.letters.len(), holding.dead.letters.len());
            let said = json!({
                "letters": letters,
                "dead_letters": dead,
                "unread_dead_letters": holding.dead.unread,
                "restricted_since": holding.restricted,
                "file": to,
            });
            let file = to.display();
            say(args, &said, |lang| match lang {
                Lang::En => format!("{letters} letters and {dead} dead letters are in {file}"),
                Lang::Da => format!("{letters} breve og {dead} strandede breve ligger i {file}"),
            })
        }
        PersonCommand::Erase => erase(args, &config, &store, (&key, &cpr), by).await,
        PersonCommand::Restrict { lift } => restrict(args, &store, &key, &cpr, !lift).await,
    }
}

/// The key, once it is written down that somebody asked, and for what. The log names the person as the
/// index of people does, by a keyed hash.
async fn begin(
    config: &Config,
    store: &SqlStore,
    cpr: &str,
    by: &str,
    why: &str,
) -> anyhow::Result<PersonKey> {
    let key = key::key(config)?;
    let person: String = key.person(cpr).chars().take(NAME_DIGITS).collect();
    let access = Access {
        at: Timestamp::now(),
        by: by.to_owned(),
        letter: format!("person {person}"),
        why: why.to_owned(),
    };
    store.log_access(&access).await?;
    Ok(key)
}

/// The word of the access log.
fn restricting(on: bool) -> &'static str {
    if on { "person-restrict" } else { "person-lift" }
}

/// The ten digits that were given.
fn cpr(given: &str) -> anyhow::Result<String> {
    let mut text = given.to_owned();
    if given == "-" {
        text.clear();
        std::io::stdin().take(INPUT_BYTES).read_to_string(&mut text)?;
    }
    match privacy::cpr_numbers(&text).as_slice() {
        [one] => Ok(one.clone()),
        // What was given is not repeated: it may be a number all the same.
        _ => {
            Err(Failure::new(exit::CONFIGURATION, "--cpr takes one CPR number of ten digits")
                .into())
        }
    }
}

async fn erase(
    args: &PersonArgs,
    config: &Config,
    store: &SqlStore,
    (key, cpr): (&PersonKey, &str),
    by: &str,
) -> anyhow::Result<()> {
    let queue = wiring::queue(config, store).await?;
    let erased = erase::erase(config, store, &*queue, (key, cpr), by).await;
    queue.shutdown().await?;
    let erased = erased?;
    say(args, &words::document(&erased), |lang| words::erased(&erased, lang))?;
    let left = &erased.on_their_way;
    if left.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = left.iter().map(LetterId::as_str).collect();
    let message = format!(
        "{} letters are on their way to a mailbox and are still here: {}; ask again when they are delivered",
        left.len(),
        ids.join(", ")
    );
    Err(Failure::new(exit::FAILED, message).into())
}

async fn restrict(
    args: &PersonArgs,
    store: &SqlStore,
    key: &PersonKey,
    cpr: &str,
    on: bool,
) -> anyhow::Result<()> {
    store.restrict(key, cpr, on, &args.by, Timestamp::now()).await?;
    say(args, &json!({ "restricted": on }), |lang| {
        let text = match (lang, on) {
            (Lang::En, true) => {
                "from now on a person decides about every letter that names this person"
            }
            (Lang::En, false) => "letters that name this person are decided like others again",
            (Lang::Da, true) => "fra nu af fordeler en medarbejder hvert brev, der nævner personen",
            (Lang::Da, false) => "breve, der nævner personen, fordeles igen som andre",
        };
        text.to_owned()
    })
}

fn say(
    args: &PersonArgs,
    document: &serde_json::Value,
    text: impl Fn(Lang) -> String,
) -> anyhow::Result<()> {
    if args.output.json {
        return output::json(document);
    }
    output::line(&text(output::lang(args.output.lang)))
}

/// The configured key, which must be there.
fn no_key(config: &Config) -> Failure {
    let file = config.privacy.key_file.display();
    let message = format!(
        "people are restricted, but the key of the index of people is not in {file}; \
         put it back, or name it as key_file in [privacy]"
    );
    Failure::new(exit::CONFIGURATION, message)
}
