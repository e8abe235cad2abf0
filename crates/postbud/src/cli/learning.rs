//! Arguments of `train` and `evaluate`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;

/// What `--letters` takes.
const LETTERS: &str = "Labelled letters: JSON Lines (subject, body, category); a folder with one sub-folder per mailbox
holding mails, MeMo or plain text under any name; a Maildir; an mbox named after its mailbox";

/// Arguments of `train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    #[arg(long, required_unless_present = "from_store", num_args = 1.., value_name = "PATH", help = LETTERS)]
    pub(crate) letters: Vec<PathBuf>,
    /// Learn from the letters that people have labelled in the store of the configuration, too
    #[arg(long, requires = "config")]
    pub(crate) from_store: bool,
    /// The model's folder; the new version gets the next number in it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The same letters, seed and version of Postbud give the same file
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep a fifth of the letters out of training and judge with them: the newest where letters
    /// carry dates, otherwise chosen by their ids
    #[arg(long)]
    pub(crate) hold_out: bool,
    /// Mailboxes that were renamed, merged or closed: lines of `old = new`, `old = -`
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Words that people use for what belongs in each mailbox: lines of `mailbox: word, word`.
    /// They take the place of Postbud's own for the mailboxes they name
    #[arg(long, value_name = "FILE")]
    pub(crate) words: Option<PathBuf>,
    /// Learn only what letters of this many different senders have; 1 learns everything, and is for
    /// letters that are nobody's
    #[arg(long, default_value_t = postbud_learn::MIN_SENDERS, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) min_senders: u32,
    /// Do without Postbud's own words for what municipalities do
    #[arg(long)]
    pub(crate) no_words: bool,
    /// A configuration, for the promise and for which mailboxes there are and are switched on
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Threads; 0 stands for all cores. The result is the same
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The model: a file, a version's folder, or a folder of versions
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    #[arg(long, required = true, num_args = 1.., value_name = "PATH", help = LETTERS)]
    pub(crate) letters: Vec<PathBuf>,
    /// Only the letters that `train --hold-out` keeps out of training; give the same letters
    #[arg(long)]
    pub(crate) held_out: bool,
    /// Mailboxes that were renamed, merged or closed: lines of `old = new`, `old = -`
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// A configuration, for the promise and for which mailboxes are switched on
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
