//! `postbud init`: a commented configuration to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use anyhow::Context;

use crate::cli::InitArgs;
use crate::exit::{self, Failure};
use crate::{config, output};

/// Writes the file, unless there is one.
pub(crate) fn run(args: &InitArgs) -> anyhow::Result<()> {
    let path = args.file.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&args.file) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let message =
                format!("{path} exists and stays as it is; name another file, or move it away");
            return Err(Failure::new(exit::FAILED, message).into());
        }
        Err(error) => return Err(error).with_context(|| format!("{path} cannot be written")),
    };
    let text = match &args.folder {
        Some(folder) => config::template_for(folder),
        None => config::template(),
    };
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("{path} cannot be written"))?;
    output::line(&format!(
        "{path} is written. Change it to your municipality, then: postbud run --config {path}"
    ))
}
