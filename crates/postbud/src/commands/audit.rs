//! `postbud audit`: is the access log whole, and who looked at letters in a month?

mod sample;

use postbud_store::Chain;
use serde_json::json;

use crate::cli::{AuditArgs, AuditCommand, Lang, VerifyArgs};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// Does what was asked.
pub(crate) async fn run(args: &AuditArgs) -> anyhow::Result<()> {
    match &args.command {
        AuditCommand::Verify(args) => verify(args).await,
        AuditCommand::Sample(args) => sample::run(args).await,
    }
}

async fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let noted = args.end.as_deref().map(end).transpose()?;
    let store = wiring::store(&config).await?;
    let chain = store.verify_accesses().await?;
    if let Some(fault) = chain.fault {
        return Err(
            Failure::new(exit::FAILED, format!("the access log is not whole: {fault}")).into()
        );
    }
    if let Some((seq, hash)) = noted {
        let kept = store.access_hash(seq).await?;
        if kept.as_deref() != Some(hash.as_str()) {
            let message = format!("the access log is not the one of which row {seq} was noted");
            return Err(Failure::new(exit::FAILED, message).into());
        }
    }
    let Chain { rows, before, last_seq, last, .. } = &chain;
    if args.output.json {
        let end = format!("{last_seq}:{last}");
        return output::json(
            &json!({ "whole": true, "rows": rows, "unchained": before, "end": end }),
        );
    }
    output::line(&match output::lang(args.output.lang) {
        Lang::En => format!(
            "the access log is whole: {rows} rows\nnote its end elsewhere, and name it next time \
             with --end: {last_seq}:{last}"
        ),
        Lang::Da => format!(
            "adgangsloggen er hel: {rows} rækker\nnotér dens ende et andet sted, og angiv den næste \
             gang med --end: {last_seq}:{last}"
        ),
    })
}

/// A number and a hash, as an earlier run printed them.
fn end(text: &str) -> anyhow::Result<(i64, String)> {
    let parsed = text
        .split_once(':')
        .and_then(|(seq, hash)| Some((seq.parse::<i64>().ok()?, hash.trim().to_lowercase())));
    parsed.ok_or_else(|| {
        Failure::new(exit::CONFIGURATION, "--end takes what an earlier run printed, NUMBER:HASH")
            .into()
    })
}
