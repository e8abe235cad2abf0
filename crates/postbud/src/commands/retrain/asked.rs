//! Retraining because a system owner asked for it at the desk.

use std::ffi::OsString;
use std::path::Path;

use indicatif::ProgressBar;
use postbud_pipeline::Stop;
use postbud_pipeline::ports::{Retrains as _, Said};
use postbud_store::SqlStore;

use super::supervise::{self, Ended, Order};
use crate::config::Config;

/// Retrains once, on behalf of `by`, and waits for the end. Returns what the record does not say;
/// nothing when the record says it all. `bar` is moved as the work goes on. The version that is made takes over only when somebody
/// promotes it.
pub(crate) async fn asked_for(
    config: &Config,
    file: &Path,
    store: &SqlStore,
    by: &str,
    stop: &Stop,
    bar: ProgressBar,
) -> Said {
    let mut args: Vec<OsString> = vec!["--by".into(), by.into()];
    args.extend(["--config".into(), file.into()]);
    let id = uuid::Uuid::new_v4().to_string();
    let order =
        Order { id: id.clone(), by: by.to_owned(), args, retrain: &config.retrain, prints: false };
    match supervise::run_shown(&order, store, Some(stop), Some(bar)).await {
        Ok(Ended::Exit(0) | Ended::Died(..) | Ended::Stopped) => Said::default(),
        Ok(Ended::Exit(code)) => {
            let rows = store.retrains(20).await.unwrap_or_default();
            match rows.iter().any(|row| row.id == id) {
                true => Said::default(),
                false => Said::new(
                    format!(
                        "Der blev ikke lavet en ny model (kode {code}): en anden træning var i gang, \
                         eller modellen kan ikke trænes igen; loggen siger hvilket"
                    ),
                    format!(
                        "no new model was made (exit code {code}): another retraining was running, \
                         or the model cannot be retrained; the log says which"
                    ),
                ),
            }
        }
        Err(error) => Said::new(
            format!("Der blev ikke lavet en ny model: {error:#}"),
            format!("no new model was made: {error:#}"),
        ),
    }
}
