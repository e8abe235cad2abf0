//! `postbud key`: the keys under which letters lie encrypted.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::Context;
use postbud_store::{KeyUse, MasterKey, Rotated};
use serde_json::json;

use crate::cli::{KeyArgs, KeyCommand, KeyRotateArgs, KeyShowArgs, Lang, NewKeyArgs};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// Does what was asked.
pub(crate) async fn run(args: &KeyArgs) -> anyhow::Result<()> {
    match &args.command {
        KeyCommand::New(args) => new(args),
        KeyCommand::Show(args) => show(args).await,
        KeyCommand::Rotate(args) => rotate(args).await,
    }
}

fn new(args: &NewKeyArgs) -> anyhow::Result<()> {
    let shown = args.file.display();
    let text = MasterKey::generate().context("the system gives no random bytes")?;
    let mut file = OpenOptions::new()
        .write(true)
        // A key that is overwritten takes every letter with it.
        .create_new(true)
        .mode(0o400)
        .open(&args.file)
        .with_context(|| format!("{shown} cannot be made"))?;
    writeln!(file, "{text}")
        .and_then(|()| file.sync_all())
        .with_context(|| format!("{shown} cannot be written"))?;
    let name = MasterKey::parse(&text).context("the key is none")?;
    output::line(&format!(
        "{shown}: key {}\nKeep a copy apart from the database and its backups: without it no letter can be \
         read, with it every one.",
        name.name()
    ))
}

async fn show(args: &KeyShowArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let found = wiring::store(&config).await?.key_use().await?;
    if args.output.json {
        let keys: Vec<_> = found
            .keys
            .iter()
            .map(|key| json!({ "id": key.id, "master": key.master, "at": key.at, "chunks": key.chunks }))
            .collect();
        return output::json(
            &json!({ "master": found.master, "keys": keys, "plain_chunks": found.plain }),
        );
    }
    output::line(&table(output::lang(args.output.lang), &found))
}

fn table(lang: Lang, found: &KeyUse) -> String {
    let header = match lang {
        Lang::Da => ["nøgle", "hovednøgle", "siden (UTC)", "dele"],
        Lang::En => ["key", "master key", "since (UTC)", "chunks"],
    };
    let rows = found.keys.iter().map(|key| {
        let since = output::moment(key.at);
        vec![key.id.to_string(), key.master.clone(), since, key.chunks.to_string()]
    });
    let plain = vec![
        match lang {
            Lang::Da => "ukrypteret",
            Lang::En => "in plain",
        }
        .to_owned(),
        String::new(),
        String::new(),
        found.plain.to_string(),
    ];
    let table = output::table(&header, &[3], rows.chain([plain]).collect());
    let says = match (&found.master, lang) {
        (Some(master), Lang::Da) => format!("Breve krypteres under hovednøgle {master}."),
        (Some(master), Lang::En) => format!("Letters are encrypted under master key {master}."),
        (None, Lang::Da) => "Breve krypteres ikke: der er ingen key_file i [store].".to_owned(),
        (None, Lang::En) => {
            "Letters are not encrypted: there is no key_file in [store].".to_owned()
        }
    };
    format!("{says}\n\n{table}")
}

async fn rotate(args: &KeyRotateArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    let Some(rotated) = store.rotate_keys().await? else {
        let what = "there is no master key; make one with `postbud key new FILE` and name it as key_file \
                    in [store]";
        return Err(Failure::new(exit::CONFIGURATION, what).into());
    };
    let Rotated { data_key, letters, taken_over } = rotated;
    if args.output.json {
        return output::json(
            &json!({ "data_key": data_key, "letters": letters, "taken_over": taken_over }),
        );
    }
    output::line(&match output::lang(args.output.lang) {
        Lang::Da => format!(
            "{letters} breve er krypteret på ny under nøgle {data_key}; {taken_over} nøgler er flyttet \
             til den nye hovednøgle."
        ),
        Lang::En => format!(
            "{letters} letters are encrypted anew under key {data_key}; {taken_over} keys lie under the \
             new master key."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use postbud_pipeline::ports::Timestamp;
    use postbud_store::DataKey;

    #[test]
    fn what_people_read() {
        let at = Timestamp(1_795_615_500_000);
        let key = |id, chunks| DataKey { id, master: "0123456789abcdef".to_owned(), at, chunks };
        let found = KeyUse {
            master: Some("0123456789abcdef".to_owned()),
            keys: vec![key(1, 0), key(2, 1_455)],
            plain: 12,
        };
        let none = KeyUse { master: None, keys: Vec::new(), plain: 7 };
        insta::assert_snapshot!(format!(
            "{}\n\n{}\n\n{}",
            table(Lang::Da, &found),
            table(Lang::En, &found),
            table(Lang::Da, &none)
        ));
    }
}
