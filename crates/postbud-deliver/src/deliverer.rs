//! The target that the pipeline sees: finds the mailbox of a letter and how to reach it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::Address;
use postbud_decide::{Mailbox, MailboxId, Target};
use postbud_letter::Limits;
use postbud_pipeline::ports::{DeliveryError, Outgoing, Outlet, Target as TargetPort};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use crate::compose::{self, Settings};
use crate::failure::{Failure, NOT_COMPOSED};
use crate::https::place;
use crate::job::Job;
use crate::maildir::Maildir;
use crate::options::{self, DeliverOptions, OptionsError};
use crate::sf2900::{Sf2900Sender, Subject};
use crate::smtp::SmtpSender;
use crate::webhook::WebhookSender;

/// How long a Maildir may take for one letter, waiting for a free writer included.
const MAILDIR_DEADLINE: Duration = Duration::from_secs(60);
/// How many letters are written to Maildirs at the same time. A network share that hangs holds
/// at most so many threads, and only those of its own mailbox.
const MAILDIR_WRITERS: usize = 16;

/// Brings letters to their mailboxes.
pub struct Deliverer {
    routes: HashMap<MailboxId, Arc<Route>>,
    smtp: Option<SmtpSender>,
    webhook: Option<WebhookSender>,
    sf2900: Option<Sf2900Sender>,
    outlet: Option<Arc<dyn Outlet>>,
    queue_letter_bytes: usize,
    settings: Arc<Settings>,
    limits: Limits,
}

/// A mailbox and the way to it.
struct Route {
    mailbox: Arc<Mailbox>,
    way: Way,
}

enum Way {
    Maildir(Arc<Maildir>, Arc<Semaphore>),
    Smtp(Address),
    Webhook(Url),
    Queue(String),
    Sf2900(Subject),
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
        let webhook = options.webhook.as_ref().map(WebhookSender::new);
        let webhook = webhook.transpose().map_err(|fault| OptionsError { faults: vec![fault] })?;
        let sf2900 = options.sf2900.as_ref().map(Sf2900Sender::new);
        let sf2900 = sf2900.transpose().map_err(|fault| OptionsError { faults: vec![fault] })?;
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
            webhook,
            sf2900,
            outlet: None,
            queue_letter_bytes: options.queue_letter_bytes,
            settings: Arc::new(Settings {
                domain: options.domain,
                from,
                language: options.language,
                not_mine: options.not_mine,
            }),
            limits: options.letter_limits,
        })
    }

    /// The same, and the broker with the queues of mailboxes that are one.
    #[must_use]
    pub fn with_outlet(self, outlet: Arc<dyn Outlet>) -> Self {
        Self { outlet: Some(outlet), ..self }
    }

    /// Says goodbye to the mail server and the broker. Letters that come to the mail server afterwards
    /// are refused for now.
    pub async fn close(&self) {
        if let Some(smtp) = &self.smtp {
            smtp.close().await;
        }
        if let Some(outlet) = &self.outlet {
            outlet.close().await;
        }
    }

    /// A letter with everything that composing needs, to be moved to another thread.
    fn job(&self, item: &Outgoing, route: &Route) -> Job {
        Job {
            item: item.clone(),
            mailbox: Arc::clone(&route.mailbox),
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
            spawn_blocking(move || {
                // Held until the disk has answered, also when nobody waits any more.
                let _permit = permit;
                folder.deliver(&name, |mail| job.compose(&job.read(), mail))
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
        let parcel = composed(move || job.parcel()).await?;
        Ok(smtp.send(address, parcel, move || again.carried(&again.read())).await?)
    }

    async fn to_webhook(&self, job: Job, url: &Url) -> Result<(), Failure> {
        let Some(sender) = &self.webhook else {
            return Err(Failure::permanent("there is no secret to sign with; add [webhook]"));
        };
        fits(&job.item, sender.letter_bytes())?;
        let key = job.key();
        let body = composed(move || job.payload()).await?;
        Failure::unless_accepted(sender.send(url, &key, body).await)
    }

    async fn to_sf2900(&self, job: Job, subject: &Subject) -> Result<(), Failure> {
        let Some(sender) = &self.sf2900 else {
            return Err(Failure::permanent("nobody is told KLE subjects; add [sf2900]"));
        };
        fits(&job.item, sender.letter_bytes())?;
        let (who, subject) = (sender.who().clone(), subject.clone());
        let now = jiff::Timestamp::now().as_millisecond();
        let handover = composed(move || job.handover(&who, &subject, now)).await?;
        sender.send(handover).await
    }

    async fn to_queue(&self, job: Job, name: &str) -> Result<(), Failure> {
        let Some(outlet) = &self.outlet else {
            return Err(Failure::permanent("no broker with its queue is configured"));
        };
        fits(&job.item, self.queue_letter_bytes)?;
        let made = spawn_blocking(move || job.envelope()).await;
        let envelope = made.map_err(|error| Failure::not_composed(&error))?;
        Ok(outlet.put(name, envelope).await?)
    }
}

/// What `make` makes, away from the threads that wait for others.
async fn composed<T: Send + 'static>(
    make: impl FnOnce() -> Option<T> + Send + 'static,
) -> Result<T, Failure> {
    match spawn_blocking(make).await {
        Ok(Some(made)) => Ok(made),
        Ok(None) => Err(Failure::permanent(NOT_COMPOSED)),
        Err(error) => Err(Failure::not_composed(&error)),
    }
}

/// A letter that is larger than the way allows goes to a person at once, and not after every retry.
fn fits(item: &Outgoing, most: usize) -> Result<(), Failure> {
    if item.raw.len() <= most {
        return Ok(());
    }
    let what = format!("it has {} bytes, and {most} is the most on this way", item.raw.len());
    Err(Failure::permanent(what))
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
                Way::Webhook(url) => self.to_webhook(self.job(item, route), url).await,
                Way::Queue(name) => self.to_queue(self.job(item, route), name).await,
                Way::Sf2900(subject) => self.to_sf2900(self.job(item, route), subject).await,
                Way::None => Err(Failure::permanent("it has no target")),
            },
        };
        result.map_err(|failure| failure.of(&item.mailbox))
    }

    /// Mailboxes behind one server wait together when it is slow; a folder is on its own.
    fn lane(&self, mailbox: &MailboxId) -> String {
        match self.routes.get(mailbox).map(|route| &route.way) {
            Some(Way::Smtp(_)) => "smtp:".to_owned(),
            Some(Way::Webhook(url)) => format!("webhook:{}", place(url)),
            Some(Way::Queue(_)) => "queue:".to_owned(),
            Some(Way::Sf2900(_)) => "sf2900:".to_owned(),
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
        Some(Target::Webhook { url }) => Way::Webhook(
            Url::parse(url)
                .ok()
                .filter(Url::has_host)
                .ok_or_else(|| format!("mailbox {}: its webhook is no address", mailbox.id))?,
        ),
        Some(Target::Queue { name }) => Way::Queue(name.clone()),
        Some(Target::Sf2900 { subject, facet }) => {
            Way::Sf2900(Subject { subject: subject.clone(), facet: facet.clone() })
        }
        None => Way::None,
    };
    Ok(Route { mailbox: Arc::new(mailbox), way })
}
