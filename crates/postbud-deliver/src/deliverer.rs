//! The target that the pipeline sees: finds the mailbox of a letter and how to reach it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::Address;
use postbud_decide::{Mailbox, MailboxId, Target};
use postbud_letter::{Letter, Limits};
use postbud_pipeline::ports::{DeliveryError, Outgoing, Target as TargetPort};
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::timeout;

use crate::compose::{self, Settings};
use crate::maildir::{Maildir, MaildirError};
use crate::options::{self, DeliverOptions, OptionsError};
use crate::smtp::{Parcel, SmtpFault, SmtpSender, Wire};

/// How long a Maildir may take for one letter, waiting for a free writer included.
const MAILDIR_DEADLINE: Duration = Duration::from_secs(60);
/// How many letters are written to Maildirs at the same time. A network share that hangs holds
/// at most so many threads, and only those of its own mailbox.
const MAILDIR_WRITERS: usize = 16;

/// What is said when composing panics or ends in nothing that can be sent.
const NOT_COMPOSED: &str = "the letter could not be made into a mail";

/// Brings letters to their mailboxes.
pub struct Deliverer {
    routes: HashMap<MailboxId, Arc<Route>>,
    smtp: Option<SmtpSender>,
    settings: Arc<Settings>,
    limits: Limits,
}

/// A mailbox and the way to it.
struct Route {
    mailbox: Mailbox,
    way: Way,
}

enum Way {
    Maildir(Arc<Maildir>, Arc<Semaphore>),
    Smtp(Address),
    None,
}

impl Deliverer {
    /// Checks the settings and loads the certificates; opens no connection and makes no folder.
    ///
    /// # Errors
    /// [`OptionsError`] with every fault at once.
    pub fn new(options: DeliverOptions) -> Result<Self, OptionsError> {
        let mut faults = options::check(&options);
        if !faults.is_empty() {
            return Err(OptionsError { faults });
        }
        let smtp = options.smtp.as_ref().map(|smtp| SmtpSender::new(smtp, &options.domain));
        let smtp = smtp.transpose().map_err(|fault| OptionsError { faults: vec![fault] })?;
        let from = match &options.smtp {
            Some(smtp) => smtp.from.clone(),
            None => format!("postbud@{}", options.domain),
        };
        let mut routes = HashMap::new();
        for mailbox in options.mailboxes {
            match route(mailbox) {
                Ok(route) => drop(routes.insert(route.mailbox.id.clone(), Arc::new(route))),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(OptionsError { faults });
        }
        Ok(Self {
            routes,
            smtp,
            settings: Arc::new(Settings {
                domain: options.domain,
                from,
                language: options.language,
                not_mine: options.not_mine,
            }),
            limits: options.letter_limits,
        })
    }

    /// Says goodbye to the mail server. Letters that come afterwards are refused for now.
    pub async fn close(&self) {
        if let Some(smtp) = &self.smtp {
            smtp.close().await;
        }
    }

    /// A letter with everything that composing needs, to be moved to another thread.
    fn job(&self, item: &Outgoing, route: &Arc<Route>) -> Job {
        Job {
            item: item.clone(),
            route: Arc::clone(route),
            settings: Arc::clone(&self.settings),
            limits: self.limits.clone(),
        }
    }

    async fn to_maildir(
        &self,
        job: Job,
        folder: &Arc<Maildir>,
        writers: &Arc<Semaphore>,
    ) -> Result<(), Failure> {
        let writers = Arc::clone(writers);
        let folder = Arc::clone(folder);
        let name = compose::token(&job.item.key);
        let work = async {
            let permit = writers.acquire_owned().await;
            tokio::task::spawn_blocking(move || {
                // Held until the disk has answered, also when nobody waits any more.
                let _permit = permit;
                folder.deliver(&name, || job.compose(&job.read()))
            })
            .await
        };
        match timeout(MAILDIR_DEADLINE, work).await {
            Ok(Ok(written)) => Ok(written?),
            Ok(Err(error)) => Err(Failure::not_composed(&error)),
            Err(_) => Err(Failure::transient(format!(
                "the folder did not answer within {} s",
                MAILDIR_DEADLINE.as_secs()
            ))),
        }
    }

    async fn to_smtp(&self, job: Job, address: &Address) -> Result<(), Failure> {
        let Some(smtp) = &self.smtp else {
            return Err(Failure::permanent("no mail server is configured; add [smtp]"));
        };
        let again = job.clone();
        let parcel = match tokio::task::spawn_blocking(move || job.parcel()).await {
            Ok(Some(parcel)) => parcel,
            Ok(None) => return Err(Failure::permanent(NOT_COMPOSED)),
            Err(error) => return Err(Failure::not_composed(&error)),
        };
        Ok(smtp.send(address, parcel, move || again.carried(&again.read())).await?)
    }
}

#[async_trait]
impl TargetPort for Deliverer {
    async fn deliver(&self, item: &Outgoing) -> Result<(), DeliveryError> {
        let result = match self.routes.get(&item.mailbox) {
            None => Err(Failure::permanent("it is not among the configured mailboxes")),
            Some(route) => match &route.way {
                Way::Maildir(folder, writers) => {
                    self.to_maildir(self.job(item, route), folder, writers).await
                }
                Way::Smtp(address) => self.to_smtp(self.job(item, route), address).await,
                Way::None => Err(Failure::permanent("it has no target")),
            },
        };
        result.map_err(|failure| failure.of(&item.mailbox))
    }

    /// All mailboxes behind the mail server wait together when it is slow; a folder is on its own.
    fn lane(&self, mailbox: &MailboxId) -> String {
        match self.routes.get(mailbox).map(|route| &route.way) {
            Some(Way::Smtp(_)) => "smtp:".to_owned(),
            _ => mailbox.to_string(),
        }
    }
}

fn route(mailbox: Mailbox) -> Result<Route, String> {
    let way = match &mailbox.target {
        Some(Target::Maildir { path }) => {
            Way::Maildir(Arc::new(Maildir::new(path)), Arc::new(Semaphore::new(MAILDIR_WRITERS)))
        }
        Some(Target::Smtp { address }) => Way::Smtp(
            address
                .parse()
                .map_err(|_| format!("mailbox {}: {address:?} is no mail address", mailbox.id))?,
        ),
        None => Way::None,
    };
    Ok(Route { mailbox, way })
}

/// One letter to compose.
#[derive(Clone)]
struct Job {
    item: Outgoing,
    route: Arc<Route>,
    settings: Arc<Settings>,
    limits: Limits,
}

impl Job {
    fn read(&self) -> Letter {
        postbud_letter::read(&self.item.raw, &self.limits)
    }

    fn compose(&self, letter: &Letter) -> Vec<u8> {
        compose::compose(letter, &self.item, &self.route.mailbox, &self.settings)
    }

    fn carried(&self, letter: &Letter) -> Option<Wire> {
        Wire::new(compose::carry(letter, &self.item, &self.route.mailbox, &self.settings))
    }

    /// The mail as it is where the wire allows, else attached to one that it allows.
    fn parcel(&self) -> Option<Parcel> {
        let letter = self.read();
        let wire = Wire::new(self.compose(&letter)).or_else(|| self.carried(&letter))?;
        let mut secrets = vec![letter.subject];
        secrets.extend(letter.sender.label);
        Some(Parcel { wire, secrets })
    }
}

/// A delivery that failed, before the mailbox's name is added.
struct Failure {
    permanent: bool,
    what: String,
}

impl Failure {
    fn permanent(what: impl Into<String>) -> Self {
        Self { permanent: true, what: what.into() }
    }

    fn transient(what: impl Into<String>) -> Self {
        Self { permanent: false, what: what.into() }
    }

    /// A panic is this letter's and comes again; a cancelled task means that the process stops.
    fn not_composed(error: &JoinError) -> Self {
        if error.is_panic() {
            Self::permanent(NOT_COMPOSED)
        } else {
            Self::transient("Postbud is stopping")
        }
    }

    fn of(self, mailbox: &MailboxId) -> DeliveryError {
        let (mailbox, what) = (mailbox.to_string(), self.what);
        if self.permanent {
            DeliveryError::Permanent { mailbox, what, source: None }
        } else {
            DeliveryError::Transient { mailbox, what, source: None }
        }
    }
}

impl From<SmtpFault> for Failure {
    fn from(fault: SmtpFault) -> Self {
        Self { permanent: fault.permanent, what: fault.what }
    }
}

impl From<MaildirError> for Failure {
    fn from(error: MaildirError) -> Self {
        Self { permanent: error.is_permanent(), what: error.to_string() }
    }
}
