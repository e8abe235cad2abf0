//! The command line: what can be asked, and what the exit codes mean.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something could not be done; the message says what (some letters, an unknown mailbox, ...)
  2  the command line or the configuration has faults
  3  the queue or the store cannot be reached or used
  4  the model cannot be loaded or does not verify";

/// Postbud routes the letters of a municipality's main mailbox.
///
/// Without a command it runs the demo: the letters of a fictitious municipality through the whole
/// way, in this one process.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, propagate_version = true, subcommand_negates_reqs = true)]
pub(crate) struct Cli {
    /// What to do; nothing stands for `demo`.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) demo: DemoArgs,
}

/// Everything that can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Route the letters of the demo municipality, which the model has never seen
    #[command(after_help = EXIT_CODES)]
    Demo(DemoArgs),
    /// Route letters until told to stop (SIGTERM): the production form
    #[command(after_help = EXIT_CODES)]
    Run(RunArgs),
    /// Write a commented postbud.toml to start from
    #[command(after_help = EXIT_CODES)]
    Init(InitArgs),
    /// Put letters on the queue: MeMo XML, mails, folders of them, or letters.jsonl
    #[command(after_help = EXIT_CODES)]
    Send(SendArgs),
    /// Say where letters would go and why, without storing or sending anything
    #[command(after_help = EXIT_CODES)]
    Classify(ClassifyArgs),
    /// List letters, or show one with its whole path
    #[command(after_help = EXIT_CODES)]
    Letters(LettersArgs),
    /// Decide about a waiting letter: writes a label and sends the letter on
    #[command(after_help = EXIT_CODES)]
    Assign(AssignArgs),
    /// Look at the queue and its dead letters
    #[command(after_help = EXIT_CODES)]
    Queue(QueueArgs),
    /// Learn a new model version from labelled letters
    #[command(after_help = EXIT_CODES)]
    Train(TrainArgs),
    /// Judge a model on labelled letters
    #[command(after_help = EXIT_CODES)]
    Evaluate(EvaluateArgs),
    /// Take a model's score for a letter apart, word by word, so that it adds up
    #[command(after_help = EXIT_CODES)]
    Explain(ExplainArgs),
    /// Measure speed
    #[command(after_help = EXIT_CODES)]
    Bench(BenchArgs),
}

/// Which installation a command works on.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration. Default: ./postbud.toml; without that file, the demo in ./postbud-data
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How to print.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArgs {
    /// Print one JSON document instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// The language of tables and sentences. Default: from LANG; without it English
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Lang>,
}

/// A language that Postbud speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Danish
    Da,
    /// English
    En,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Where the demo keeps its store, mailboxes and model
    #[arg(long, value_name = "DIR", default_value = "postbud-data")]
    pub(crate) data: PathBuf,
    /// Delete what an earlier demo left there and begin anew
    #[arg(long)]
    pub(crate) fresh: bool,
    /// End after the table, as a pipe does; otherwise the demo goes on routing until Ctrl-C
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The configuration
    #[arg(long, short, value_name = "FILE", default_value = "postbud.toml")]
    pub(crate) config: PathBuf,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write; an existing one is never overwritten
    #[arg(value_name = "FILE", default_value = "postbud.toml")]
    pub(crate) file: PathBuf,
}

/// Arguments of `send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Letters: MeMo XML, mails, folders of them, letters.jsonl
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `classify`.
#[derive(Debug, Args)]
pub(crate) struct ClassifyArgs {
    /// Letters: MeMo XML, mails, folders of them, letters.jsonl
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Use this model (a file, or a folder of versions) instead of the configured one
    #[arg(long, value_name = "PATH")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `letters`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LettersArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LettersCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// What to do with letters.
#[derive(Debug, Subcommand)]
pub(crate) enum LettersCommand {
    /// List letters, oldest first
    List(ListArgs),
    /// One letter: its text, its decision with the reason, what happened to it
    Show(ShowArgs),
}

/// Arguments of `letters list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only letters in this state
    #[arg(long, value_enum)]
    pub(crate) state: Option<StateArg>,
    /// Only letters for this mailbox (in review: suggested first)
    #[arg(long, value_name = "ID")]
    pub(crate) mailbox: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    /// Leave out so many of the oldest
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The states of a letter, as arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    /// On its way to a mailbox
    Routed,
    /// In its mailbox
    Delivered,
    /// Waiting for a person
    Review,
    /// Set aside, since another letter has the same id
    Quarantined,
}

/// Arguments of `letters show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The letter's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `assign`.
#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The letter's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The mailbox it belongs to
    #[arg(value_name = "MAILBOX")]
    pub(crate) mailbox: String,
    /// Who decides; stored with the label
    #[arg(long, value_name = "NAME", env = "USER", default_value = "terminal")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `queue`.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    pub(crate) command: QueueCommand,
}

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// How many messages wait where
    Depth(QueueDepthArgs),
    /// The dead letters with their reasons
    Dead(QueueDeadArgs),
    /// Put dead letters back on the queue
    Replay(QueueReplayArgs),
}

/// Arguments of `queue depth`.
#[derive(Debug, Args)]
pub(crate) struct QueueDepthArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `queue dead`.
#[derive(Debug, Args)]
pub(crate) struct QueueDeadArgs {
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `queue replay`.
#[derive(Debug, Args)]
pub(crate) struct QueueReplayArgs {
    /// Only the dead letter of this id
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) id: Option<String>,
    /// All of them
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Labelled letters: letters.jsonl, one or several
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) letters: Vec<PathBuf>,
    /// The model's folder; the new version gets the next number in it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The same letters, seed and version of Postbud give the same file
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep a fifth of the letters out of training, chosen by their ids, and judge with them
    #[arg(long)]
    pub(crate) hold_out: bool,
    /// Words that people use for what belongs in each mailbox: lines of `mailbox: word, word`
    #[arg(long, value_name = "FILE")]
    pub(crate) words: Option<PathBuf>,
    /// A configuration, for the promise and for which mailboxes are switched on
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
    /// Labelled letters: letters.jsonl, one or several
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub(crate) letters: Vec<PathBuf>,
    /// Only the letters that `train --hold-out` keeps out of training
    #[arg(long)]
    pub(crate) held_out: bool,
    /// A configuration, for the promise and for which mailboxes are switched on
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A letter: MeMo XML, a mail, or a letters.jsonl
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The model: a file, a version's folder, or a folder of versions
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Explain the score of this mailbox instead of the most probable one
    #[arg(long, value_name = "ID")]
    pub(crate) mailbox: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: BenchCommand,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Letters per second from the queue to the mailboxes with everything durable, beside a bare
    /// relay of the same messages on the same broker
    Pipeline(BenchPipelineArgs),
}

/// Arguments of `bench pipeline`.
#[derive(Debug, Args)]
pub(crate) struct BenchPipelineArgs {
    /// The configuration whose queue and store are used. Queues get a prefix of their own; the
    /// store is written to, so name an empty one
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// How many letters
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) letters: u32,
    /// About how large each is, in bytes
    #[arg(long, default_value_t = 8_192, value_parser = clap::value_parser!(u32).range(512..=1_048_576))]
    pub(crate) bytes: u32,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
