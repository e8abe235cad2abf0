//! `bench desk`: how quickly the waiting list answers when many letters wait.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use postbud_decide::{MailboxId, ModelId, Score, Scores};
use postbud_desk::{hash_password, token_hash};
use postbud_letter::write::Draft;
use postbud_letter::{Channel, Letter};
use postbud_pipeline::ports::{Classifier, Desk as _, Role, Store as _, Timestamp, User};
use postbud_pipeline::{Steps, stop_pair};
use postbud_store::SqlStore;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cli::BenchDeskArgs;
use crate::commands::desk::{self, Door};
use crate::config::{self, Config, Desk};
use crate::{output, telemetry, wiring};

/// So many letters are recorded at once.
const BATCH: usize = 500;
/// The cookie of the session that asks.
const COOKIE: &str = "bench";
const NAME: &str = "bench";
const HOUR_MS: i64 = 3_600_000;

/// Milliseconds from the request to the last byte of the page.
#[derive(Serialize)]
struct Times {
    page: String,
    median: f64,
    p95: f64,
    longest: f64,
}

#[derive(Serialize)]
struct Report {
    letters: u32,
    requests: u32,
    pages: Vec<Times>,
}

/// Scores letters by their number, so that every mailbox has some.
struct Spread(Vec<MailboxId>);

impl Classifier for Spread {
    fn classify(&self, letter: &Letter) -> Option<Scores> {
        let at =
            letter.id.as_str().bytes().fold(0_usize, |sum, b| sum * 31 % 9_973 + usize::from(b));
        let mut mailboxes: VecDeque<_> = self.0.iter().collect();
        mailboxes.rotate_left(at % self.0.len().max(1));
        let score = |(n, mailbox): (i32, &&MailboxId)| Score {
            mailbox: (*mailbox).clone(),
            probability: 0.5_f64.powi(n + 1),
            threshold: None,
        };
        let ranked = (0..).zip(&mailboxes).map(score).collect();
        let model = ModelId("bench/1@0".to_owned());
        Some(Scores { model, ranked, words: Vec::new(), unlike: None, text: None })
    }
}

/// Measures over a store of its own in the folder for temporary files.
pub(super) async fn run(args: &BenchDeskArgs) -> anyhow::Result<()> {
    let data = std::env::temp_dir().join(format!("postbud-bench-desk-{}", std::process::id()));
    std::fs::create_dir_all(&data).context("no folder for the measurement")?;
    let measured = measure(args, &config::demo(&data)).await;
    // Left behind, it would only take room.
    let _ = std::fs::remove_dir_all(&data);
    print(&measured?, args.output.json)
}

async fn measure(args: &BenchDeskArgs, config: &Config) -> anyhow::Result<Report> {
    telemetry::start(config.log.format, "error");
    let store = wiring::store(config).await?;
    fill(&store, config, args.letters).await?;
    sign_in(&store).await?;
    let door = Door::open(Desk::at(SocketAddr::from(([127, 0, 0, 1], 0)))).await?;
    let address = door.address();
    let (stopper, stop) = stop_pair();
    let asking = async {
        let report = ask(args, config, address).await;
        stopper.stop();
        report
    };
    let ((), report) = tokio::join!(desk::serve(Some(door), config, None, &store, &stop), asking);
    report
}

async fn fill(store: &SqlStore, config: &Config, letters: u32) -> anyhow::Result<()> {
    let mailboxes = config.settings.mailboxes.iter().map(|mailbox| mailbox.id.clone()).collect();
    let steps =
        Steps::new(config.limits.clone(), config.settings.clone(), Arc::new(Spread(mailboxes)));
    let now = Timestamp::now();
    let bar = output::bar("letters", u64::from(letters));
    let mut batch = Vec::with_capacity(BATCH);
    for n in 0..letters {
        let subject = format!("Henvendelse nummer {n} om en sag i kommunen");
        let text = "Jeg skriver om min sag og vil gerne have svar, når I har tid til det.";
        let raw =
            Draft::new(&format!("bench {n}"), Channel::Email, &subject, text, now.0).to_bytes();
        let received = now.plus_ms(-i64::from(letters - n) * 1_000);
        batch.push(steps.entry(Bytes::from(raw), received));
        if batch.len() == BATCH || n + 1 == letters {
            store.record(&batch).await?;
            bar.inc(batch.len() as u64);
            batch.clear();
        }
    }
    bar.finish_and_clear();
    let waiting = store.waiting_count().await?.all;
    ensure!(waiting == u64::from(letters), "{waiting} of {letters} letters wait");
    Ok(())
}

async fn sign_in(store: &SqlStore) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let account = User {
        name: NAME.to_owned(),
        role: Role::Clerk,
        // Nobody signs in with it.
        password: hash_password("a password for nobody")?,
        created_at: now,
        disabled: false,
        locked_until: Timestamp(0),
    };
    store.add_user(&account).await?;
    store.begin_session(&token_hash(COOKIE), NAME, "csrf", now, now.plus_ms(HOUR_MS)).await?;
    Ok(())
}

async fn ask(args: &BenchDeskArgs, config: &Config, address: SocketAddr) -> anyhow::Result<Report> {
    let first = config.settings.mailboxes.first().context("no mailboxes")?;
    let (_, body) = get(address, "/").await?;
    let more = body.split("href=\"/?").filter_map(|part| part.split('"').next());
    let more = more.map(|query| query.replace("&amp;", "&")).find(|query| query.contains("after="));
    let more = more.context("the first page leads to no second one")?;
    let pages = [
        ("the list", "/".to_owned()),
        ("its second page", format!("/?{more}")),
        ("one mailbox", format!("/?mailbox={}", first.id)),
        ("one reason", "/?why=not-automatic".to_owned()),
        ("nothing found", "/?why=returned".to_owned()),
    ];
    let mut report = Report { letters: args.letters, requests: args.requests, pages: Vec::new() };
    for (page, path) in pages {
        let mut times = Vec::with_capacity(args.requests as usize);
        for _ in 0..args.requests {
            times.push(get(address, &path).await?.0);
        }
        times.sort();
        let at = |share: f64| {
            let place = (times.len() as f64 * share).ceil() as usize;
            times.get(place.saturating_sub(1)).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        let (median, p95, longest) = (at(0.5), at(0.95), at(1.0));
        report.pages.push(Times { page: page.to_owned(), median, p95, longest });
    }
    Ok(report)
}

/// A page over a connection of its own, and how long it took.
async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(Duration, String)> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: postbud={COOKIE}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let took = begun.elapsed();
    let status = answer.split(' ').nth(1).unwrap_or_default();
    ensure!(status == "200", "{path} answers {status}");
    Ok((took, answer))
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(report);
    }
    let rows = report.pages.iter().map(|times| {
        let figures = [times.median, times.p95, times.longest].map(|ms| format!("{ms:.1} ms"));
        std::iter::once(times.page.clone()).chain(figures).collect()
    });
    output::line(&format!("{} letters wait; {} requests a page", report.letters, report.requests))?;
    output::line(&output::table(&["Page", "Median", "95 %", "Longest"], &[1, 2, 3], rows.collect()))
}
