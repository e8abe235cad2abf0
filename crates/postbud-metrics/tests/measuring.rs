//! What is counted adds up, and what is asked for is answered whatever is away.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postbud_decide::{Decision, Doubt, Mailbox, MailboxId, ModelId, Outcome, Reason, Scores};
use postbud_letter::{Channel, Letter, LetterId};
use postbud_metrics::{
    Health, HttpOptions, MeasuredStore, Metrics, Part, Parts, Sampler, SamplerOptions, inventory,
    serve,
};
use postbud_pipeline::ports::*;
use postbud_pipeline::stop_pair;
use proptest::prelude::*;

/// Series of a rendered text by name and labels.
fn series(metrics: &Metrics) -> BTreeMap<String, f64> {
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn sum(series: &BTreeMap<String, f64>, name: &str) -> f64 {
    let of = format!("{name}{{");
    series.iter().filter(|(key, _)| *key == name || key.starts_with(&of)).map(|(_, n)| n).sum()
}

fn mailboxes() -> Vec<Mailbox> {
    ["affald", "skole"].map(|id| Mailbox::new(MailboxId::parse(id).unwrap(), id)).into()
}

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new(&mailboxes()).unwrap())
}

/// Answers from what it was given, or not at all.
#[derive(Default)]
struct Fake {
    away: AtomicBool,
    measured: Measured,
}

impl Fake {
    fn error(&self) -> StoreError {
        StoreError::Unavailable { place: "here".into(), what: "asking".into(), source: None }
    }
    fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Measures for Fake {
    async fn ping(&self) -> Result<(), StoreError> {
        if self.is_away() { std::future::pending().await } else { Ok(()) }
    }
    async fn measure(&self, _: Timestamp) -> Result<Measured, StoreError> {
        if self.is_away() { Err(self.error()) } else { Ok(self.measured.clone()) }
    }
    async fn blind(&self, _: &ModelId, _: Timestamp) -> Result<BlindSample, StoreError> {
        Ok(BlindSample::default())
    }
    async fn guesses(&self, _: &ModelId, _: u32) -> Result<Vec<Guess>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Queue for Fake {
    async fn publish(&self, _: Vec<Message>) -> Result<(), QueueError> {
        Ok(())
    }
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }
    async fn settle(&self, _: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        Ok(())
    }
    async fn depth(&self) -> Result<Depth, QueueError> {
        if self.is_away() {
            return Err(QueueError::Refused { what: "no".into() });
        }
        Ok(Depth { waiting: 3, retrying: 2, dead: 1 })
    }
    async fn dead(&self, _: usize) -> Result<Vec<DeadLetter>, QueueError> {
        Ok(Vec::new())
    }
    async fn erase_dead(&self, _: &dyn DeadJudge) -> Result<u64, QueueError> {
        Ok(0)
    }
    async fn replay(&self, _: Option<&str>, _: usize) -> Result<u64, QueueError> {
        Ok(0)
    }
    async fn shutdown(&self) -> Result<(), QueueError> {
        Ok(())
    }
}

struct Models(ModelState);

impl Classifier for Models {
    fn classify(&self, _: &Letter) -> Option<Scores> {
        None
    }
    fn state(&self) -> Option<ModelState> {
        Some(self.0.clone())
    }
}

impl Scanner for Fake {
    fn check(&self, _: &Letter, _: &[u8]) -> Scanned {
        unreachable!("questions are no letters")
    }
    fn state(&self) -> Result<String, String> {
        if self.is_away() {
            Err("clamd cannot be reached".to_owned())
        } else {
            Ok("ClamAV".to_owned())
        }
    }
}

fn sampler(fake: &Arc<Fake>, metrics: &Arc<Metrics>, health: &Arc<Health>) -> Sampler {
    let options = SamplerOptions { deadline: Duration::from_millis(50), ..Default::default() };
    let models = Arc::new(Models(ModelState::default()));
    let (metrics, health) = (Arc::clone(metrics), Arc::clone(health));
    let (queue, store): (Arc<dyn Queue>, _) = (Arc::clone(fake) as _, Arc::clone(fake));
    let scanner: Option<Arc<dyn Scanner>> = Some(Arc::clone(fake) as _);
    let parts = Parts { queue: Some(queue), store, classifier: Some(models), scanner };
    Sampler::new(metrics, health, parts, &mailboxes(), options)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #[test]
    fn letters_by_state_add_up_to_those_received(counts in proptest::array::uniform4(0u64..1_000_000)) {
        let [routed, delivered, review, quarantined] = counts;
        let received = counts.iter().sum();
        let tally = Tally { received, routed, delivered, review, quarantined };
        let fake = Arc::new(Fake { measured: Measured { tally, ..Default::default() }, ..Default::default() });
        let (metrics, health) = (metrics(), Arc::new(Health::default()));
        block_on(sampler(&fake, &metrics, &health).sample()).unwrap();
        let series = series(&metrics);
        prop_assert_eq!(sum(&series, "postbud_letters"), received as f64);
        prop_assert_eq!(sum(&series, "postbud_letters_received"), received as f64);
    }

    #[test]
    fn waiting_letters_are_in_exactly_one_tier(
        groups in proptest::collection::vec((any::<bool>(), 0usize..4, 1u64..99), 0..20)
    ) {
        let name = |n: usize| ["affald", "skole", "ukendt"].get(n).map(|id| MailboxId::parse(id).unwrap());
        let waiting: Vec<WaitingGroup> = groups.iter().map(|&(urgent, n, letters)| WaitingGroup {
            urgent, mailbox: name(n), letters, oldest: Timestamp(1_000),
        }).collect();
        let all: u64 = groups.iter().map(|(.., letters)| letters).sum();
        let fake = Arc::new(Fake { measured: Measured { waiting, ..Default::default() }, ..Default::default() });
        let (metrics, health) = (metrics(), Arc::new(Health::default()));
        block_on(sampler(&fake, &metrics, &health).sample()).unwrap();
        prop_assert_eq!(sum(&series(&metrics), "postbud_waiting_letters"), all as f64);
    }
}

#[test]
fn requests_for_access_are_due_soon_two_working_days_before_their_deadline() {
    let now = Timestamp::now();
    let days_ago = |days: i64| now.plus_ms(-days * 86_400_000);
    // Seven working days are nine days or more: today's are not due within two working days, and those
    // of four weeks ago have passed.
    let access_requests = vec![days_ago(28), days_ago(0), now];
    let measured = Measured { access_requests, ..Default::default() };
    let fake = Arc::new(Fake { measured, ..Default::default() });
    let (metrics, health) = (metrics(), Arc::new(Health::default()));
    block_on(sampler(&fake, &metrics, &health).sample()).unwrap();
    let series = series(&metrics);
    assert_eq!(sum(&series, "postbud_access_requests_waiting"), 3.0);
    assert_eq!(sum(&series, "postbud_access_requests_due_soon"), 1.0);
}

#[test]
fn what_is_away_is_down_and_the_last_figures_stay() {
    let tally = Tally { received: 5, delivered: 5, ..Default::default() };
    let fake =
        Arc::new(Fake { measured: Measured { tally, ..Default::default() }, ..Default::default() });
    let (metrics, health) = (metrics(), Arc::new(Health::default()));
    let sampler = sampler(&fake, &metrics, &health);
    block_on(async {
        sampler.probe().await;
        assert!(health.is_ready(), "{}", health.document());
        sampler.sample().await.unwrap();
        fake.away.store(true, Ordering::SeqCst);
        sampler.probe().await;
        assert!(sampler.sample().await.is_none());
    });
    assert!(!health.is_ready());
    let says = health.document()["parts"]["store"]["says"].to_string();
    assert!(says.contains("no answer within"), "{says}");
    let series = series(&metrics);
    assert_eq!(series["postbud_up{part=\"store\"}"], 0.0);
    assert_eq!(series["postbud_up{part=\"queue\"}"], 0.0);
    assert_eq!(series["postbud_up{part=\"scanner\"}"], 0.0);
    assert_eq!(series["postbud_up{part=\"model\"}"], 1.0);
    assert_eq!(series["postbud_letters_received"], 5.0);
    assert_eq!(series["postbud_queue_letters{where=\"dead\"}"], 1.0);
}

/// A desk has no queue: an alarm about one that does not answer would be a false one.
#[test]
fn a_part_that_is_not_there_is_not_down() {
    let fake = Arc::new(Fake::default());
    let (metrics, health) = (metrics(), Arc::new(Health::of(&[Part::Store])));
    let parts =
        Parts { queue: None, store: Arc::clone(&fake) as _, classifier: None, scanner: None };
    assert_eq!(parts.names(), [Part::Store]);
    let options = SamplerOptions::default();
    let sampler =
        Sampler::new(Arc::clone(&metrics), Arc::clone(&health), parts, &mailboxes(), options);
    block_on(sampler.probe());
    assert!(health.is_ready(), "{}", health.document());
    let series = series(&metrics);
    assert_eq!(series["postbud_up{part=\"store\"}"], 1.0);
    assert!(!series.contains_key("postbud_up{part=\"queue\"}"));
    assert!(!series.contains_key("postbud_probe_seconds{part=\"model\"}"));
    assert!(!series.contains_key("postbud_up{part=\"scanner\"}"));
}

/// Asks one page and returns status line and body.
fn get(address: SocketAddr, request: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn pages_answer_and_everything_else_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (metrics, health) = (metrics(), Arc::new(Health::default()));
    let (stopper, stop) = stop_pair();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let served = runtime.spawn(async move {
        serve(listener, metrics, health, HttpOptions::default(), &stop).await;
    });
    let page = |path: &str| {
        get(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    };
    assert!(page("/metrics").contains("postbud_letters_received 0"));
    assert!(page("/health/live").starts_with("HTTP/1.1 200"));
    let ready = page("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("not asked yet"), "{ready}");
    assert!(page("/etc/passwd").starts_with("HTTP/1.1 404"));
    let post =
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert!(get(address, post).starts_with("HTTP/1.1 405"));
    assert!(get(address, "not a request\r\n\r\n").starts_with("HTTP/1.1 400"));
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    // The server may close while we are still talking.
    let _ = stream.write_all(long.as_bytes());
    assert!(page("/health/live").starts_with("HTTP/1.1 200"), "the next one is served");
    stopper.stop();
    runtime.block_on(served).unwrap();
}

/// A store that records everything as told.
struct Records(Vec<Recorded>);

#[async_trait]
impl Store for Records {
    async fn put_raw(&self, _: Bytes, _: Timestamp) -> Result<RawId, StoreError> {
        Ok(RawId(String::new()))
    }
    fn begin_raw(&self, _: Timestamp) -> Box<dyn RawWriter> {
        unreachable!()
    }

    async fn raw(&self, _: &RawId) -> Result<Option<Bytes>, StoreError> {
        Ok(None)
    }
    async fn raw_size(&self, _: &RawId) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
    async fn record(&self, _: &[Entry]) -> Result<Vec<Recorded>, StoreError> {
        Ok(self.0.clone())
    }
    async fn letters(&self, _: &Filter) -> Result<Vec<LetterRow>, StoreError> {
        Ok(Vec::new())
    }
    async fn letter(&self, _: &LetterId) -> Result<Option<LetterDetail>, StoreError> {
        Ok(None)
    }
    async fn assign(&self, _: &Assignment) -> Result<(), StoreError> {
        Ok(())
    }
    async fn claim_outbox(
        &self,
        _: u32,
        _: u64,
        _: Timestamp,
        _: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        Ok(Vec::new())
    }
    async fn settle_outbox(
        &self,
        _: &[(String, OutboxOutcome)],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }
    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(Tally::default())
    }
}

fn entry(n: usize) -> Entry {
    let letter = LetterId::try_from(format!("sha-{n:032x}")).unwrap();
    let routed = n.is_multiple_of(2);
    let mailbox = MailboxId::parse("affald").unwrap();
    let decision = Decision {
        id: format!("d-{n}"),
        letter: letter.clone(),
        outcome: if routed { Outcome::Route { mailbox } } else { Outcome::Review },
        reason: if routed {
            Reason::Rule { rule: "Storskrald".into(), matched: Vec::new() }
        } else {
            let doubts = vec![Doubt::NoText, Doubt::NoModel];
            Reason::Person { doubts, model: None, words: Vec::new() }
        },
        suggestions: Vec::new(),
        documents: Vec::new(),
        text: None,
        access: None,
        urgent: false,
    };
    Entry {
        letter,
        channel: Channel::Email,
        subject: "Fortroligt".into(),
        received_at: Timestamp(1),
        raw: Bytes::new(),
        raw_id: RawId(String::new()),
        decision,
        shadow: None,
    }
}

#[test]
fn decisions_add_up_to_the_letters_that_were_new() {
    let metrics = metrics();
    let recorded =
        vec![Recorded::New, Recorded::New, Recorded::Known, Recorded::Clash, Recorded::New];
    let store = MeasuredStore::new(Arc::new(Records(recorded)), Arc::clone(&metrics));
    let batch: Vec<Entry> = (0..5).map(entry).collect();
    block_on(store.record(&batch)).unwrap();
    let series = series(&metrics);
    assert_eq!(series["postbud_letters_recorded_total{result=\"new\"}"], 3.0);
    assert_eq!(sum(&series, "postbud_decisions_total"), 3.0);
    assert_eq!(series["postbud_decisions_total{mailbox=\"affald\",way=\"rule\"}"], 2.0);
    assert_eq!(series["postbud_decisions_total{mailbox=\"none\",way=\"person\"}"], 1.0);
    assert_eq!(series["postbud_doubts_total{doubt=\"no-text\"}"], 1.0);
    assert_eq!(series["postbud_stage_seconds_count{stage=\"record\"}"], 1.0);
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    assert!(!text.contains("Fortroligt") && !text.contains("sha-"), "no letter in metrics");
}

#[test]
fn the_operators_guide_lists_every_metric() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for metric in inventory::ALL {
        let labels: Vec<&str> = metric.labels.iter().map(|(name, _)| *name).collect();
        let row = format!(
            "| `{}` | {} | {} | {} |",
            metric.name,
            metric.unit,
            labels.join(", "),
            metric.meaning
        );
        assert!(guide.contains(&row), "docs/operations.md lacks this row:\n{row}");
    }
}
