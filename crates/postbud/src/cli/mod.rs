//! The command line: what can be asked, and what the exit codes mean.

mod bench;
mod extract_worker;
mod installation;
mod key;
mod kle;
mod labels;
mod learning;
mod letters;
mod mail;
mod model;
mod operations;
mod privacy;
mod queue;
mod retrain;
mod simulate;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use bench::{BenchArgs, BenchCommand, BenchDeskArgs, BenchModelArgs, BenchPipelineArgs};
pub(crate) use extract_worker::{ExtractProgramArgs, ExtractWorkerArgs};
pub(crate) use installation::{DemoArgs, InitArgs, RunArgs, RunPart, TrialArgs};
pub(crate) use key::{KeyArgs, KeyCommand, KeyRotateArgs, KeyShowArgs, NewKeyArgs};
pub(crate) use kle::KleArgs;
pub(crate) use labels::{ImportArgs, LabelsArgs, LabelsCommand, ListLabelsArgs, WithdrawArgs};
pub(crate) use learning::{EvaluateArgs, TrainArgs};
pub(crate) use letters::{AssignArgs, LettersArgs, LettersCommand, ListArgs, ShowArgs, StateArg};
pub(crate) use mail::{ClassifyArgs, ExplainArgs, SendArgs};
pub(crate) use model::{
    ChallengeArgs, CompareArgs, ModelArgs, ModelCommand, PromoteArgs, RollbackArgs, ShowModelArgs,
    SignatureArgs, WhichModelArgs,
};
pub(crate) use operations::{BackupArgs, DoctorArgs, HealthArgs, MigrateArgs, RestoreArgs};
pub(crate) use privacy::{
    AuditArgs, AuditCommand, PersonArgs, PersonCommand, RetentionArgs, SampleArgs, VerifyArgs,
};
pub(crate) use queue::{QueueArgs, QueueCommand, QueueDeadArgs, QueueDepthArgs, QueueReplayArgs};
pub(crate) use retrain::RetrainArgs;
pub(crate) use simulate::SimulateArgs;
pub(crate) use user::{
    AddUserArgs, ListUsersArgs, NamedUserArgs, PasswordArgs, TokenArgs, UserArgs, UserCommand,
};

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
    /// Make, list and switch off the accounts of those who decide at the desk
    #[command(after_help = EXIT_CODES)]
    User(UserArgs),
    /// What a person can ask for: everything held about them, erasure, or no automatic decisions
    #[command(after_help = EXIT_CODES)]
    Person(PersonArgs),
    /// Remove what is too old, or say what went when
    #[command(after_help = EXIT_CODES)]
    Retention(RetentionArgs),
    /// Is the access log whole?
    #[command(after_help = EXIT_CODES)]
    Audit(AuditArgs),
    /// Look at the queue and its dead letters
    #[command(after_help = EXIT_CODES)]
    Queue(QueueArgs),
    /// Make, show and change the keys under which letters lie encrypted
    #[command(after_help = EXIT_CODES)]
    Key(KeyArgs),
    /// Show which mailbox takes which KLE subject
    #[command(after_help = EXIT_CODES)]
    Kle(KleArgs),
    /// See what people said about letters, take it back, or import sorted mail
    #[command(after_help = EXIT_CODES)]
    Labels(LabelsArgs),
    /// Make a new model version from what people decided, and compare it with the one in use
    #[command(after_help = EXIT_CODES)]
    Retrain(RetrainArgs),
    /// List, show, promote, roll back and compare the versions of the model
    #[command(after_help = EXIT_CODES)]
    Model(ModelArgs),
    /// Learn a new model version from labelled letters
    #[command(after_help = EXIT_CODES)]
    Train(TrainArgs),
    /// Judge a model on labelled letters
    #[command(after_help = EXIT_CODES)]
    Evaluate(EvaluateArgs),
    /// Try out how often the promise is broken, in many resamplings of labelled letters
    #[command(after_help = EXIT_CODES)]
    Simulate(SimulateArgs),
    /// Take a model's score for a letter apart, word by word, so that it adds up
    #[command(after_help = EXIT_CODES)]
    Explain(ExplainArgs),
    /// The process in which `run` reads letters that may do harm
    #[command(hide = true)]
    Trial(TrialArgs),
    /// The process that reads documents for `run`
    #[command(hide = true)]
    ExtractWorker(ExtractWorkerArgs),
    /// The process that becomes another program within limits
    #[command(hide = true)]
    ExtractProgram(ExtractProgramArgs),
    /// Look at everything that the installation depends on, and say what to do
    #[command(after_help = EXIT_CODES)]
    Doctor(DoctorArgs),
    /// Ask a running Postbud whether it is well: exit code 0 when it says so
    #[command(after_help = EXIT_CODES)]
    Health(HealthArgs),
    /// Bring the store's schema up to date
    #[command(after_help = EXIT_CODES)]
    Migrate(MigrateArgs),
    /// Save the store and the models into a folder, while everything goes on
    #[command(after_help = EXIT_CODES)]
    Backup(BackupArgs),
    /// Bring a backup back
    #[command(after_help = EXIT_CODES)]
    Restore(RestoreArgs),
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
