//! `postbud migrate`: brings the store's schema up to date, or says whether it is.

use postbud_store::{Schema, StoreOptions, schema};

use crate::cli::MigrateArgs;
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// Does what was asked.
pub(crate) async fn run(args: &MigrateArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let options = StoreOptions::new(config.store.expose());
    let before = schema(&options).await?;
    if before.is_ahead() {
        let what = format!("{}; use the version of Postbud that wrote it", standing(&before));
        return Err(Failure::new(exit::UNREACHABLE, what).into());
    }
    if !before.is_behind() {
        return output::line(&standing(&before));
    }
    if args.check {
        let what = format!("{}; run `postbud migrate`", standing(&before));
        return Err(Failure::new(exit::FAILED, what).into());
    }
    wiring::store(&config).await?.close().await;
    output::line(&standing(&schema(&options).await?))
}

fn standing(schema: &Schema) -> String {
    match schema.applied {
        None => format!("there is no store yet; this version makes schema {}", schema.known),
        Some(applied) if applied == schema.known => {
            format!("the store has schema {applied}, the newest")
        }
        Some(applied) => {
            format!("the store has schema {applied}, this version knows schema {}", schema.known)
        }
    }
}
