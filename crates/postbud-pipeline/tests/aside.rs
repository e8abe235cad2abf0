//! Letters whose documents take long, or never end, keep no other letter waiting.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use postbud_decide::Settings;
use postbud_letter::{Letter, Limits};
use postbud_pipeline::ports::{Body, Documents, Settlement};
use postbud_pipeline::{Router, RouterOptions, Steps, Stop, Stopper, stop_pair};
use support::{Log, MemoryQueue, MemoryStore, Nothing, Step, away};

/// A mail without documents.
fn plain(subject: &str) -> Result<Body, String> {
    Ok(Body::Inline(Bytes::from(format!("From: a@example.dk\r\nSubject: {subject}\r\n\r\nGoddag"))))
}

/// A mail with one.
fn with_document(subject: &str) -> Result<Body, String> {
    let raw = format!(
        "From: a@example.dk\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nGoddag\r\n--b\r\n\
         Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n\
         hej\r\n--b--\r\n"
    );
    Ok(Body::Inline(Bytes::from(raw)))
}

/// Reads at once, but for letters with these words in their subject: `hang` never ends, `slow` takes
/// more than a glance, `panic` panics.
#[derive(Default)]
struct Reading {
    left_off: Mutex<bool>,
    told: Condvar,
    hanging: AtomicUsize,
    whole: AtomicUsize,
}

impl Documents for Reading {
    fn attach(&self, letter: &mut Letter) {
        self.whole.fetch_add(1, Ordering::SeqCst);
        if letter.subject.contains("hang") {
            self.hanging.fetch_add(1, Ordering::SeqCst);
            let left_off = self.left_off.lock().unwrap();
            drop(self.told.wait_while(left_off, |left_off| !*left_off).unwrap());
        }
    }

    fn glance(&self, letter: &mut Letter) -> bool {
        assert!(!letter.subject.contains("panic"), "asked to");
        !letter.subject.contains("hang") && !letter.subject.contains("slow")
    }

    fn leave_off(&self) {
        *self.left_off.lock().unwrap() = true;
        self.told.notify_all();
    }
}

/// A router at work.
struct Work {
    log: Log,
    queue: Arc<MemoryQueue>,
    reading: Arc<Reading>,
    router: Router,
    stopper: Stopper,
    stop: Stop,
}

impl Work {
    fn on(
        letters: Vec<Result<Body, String>>,
        options: RouterOptions,
        store: impl FnOnce(&mut MemoryStore),
    ) -> Self {
        let log = Log::default();
        let queue = Arc::new(MemoryQueue::new(letters, &log));
        let reading = Arc::new(Reading::default());
        let steps = Steps::new(Limits::default(), Settings::default(), Arc::new(Nothing))
            .with_documents(Arc::clone(&reading) as _);
        let mut memory = MemoryStore::new(&log);
        store(&mut memory);
        let options = RouterOptions { lanes: 1, ..options };
        let queued = Arc::clone(&queue);
        let router = Router::new(queued, Arc::new(memory), Arc::new(steps), options);
        let (stopper, stop) = stop_pair();
        Self { log, queue, reading, router, stopper, stop }
    }

    fn settled(&self) -> usize {
        self.log.lock().unwrap().iter().filter(|step| matches!(step, Step::Settled(..))).count()
    }

    /// Runs until this holds, and then to the end of a stop; what had happened at either moment.
    async fn until(&self, enough: impl Fn(&Self) -> bool) -> (Vec<Step>, Vec<Step>) {
        let watch = async {
            while !enough(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let before = self.log.lock().unwrap().clone();
            self.stopper.stop();
            before
        };
        let work = async { tokio::join!(self.router.run(&self.stop), watch) };
        let ((), before) = tokio::time::timeout(Duration::from_secs(60), work).await.unwrap();
        (before, self.log.lock().unwrap().clone())
    }
}

fn done(steps: &[Step], number: u64) -> bool {
    steps.contains(&Step::Settled(number, Settlement::Done))
}

#[tokio::test]
async fn letters_beside_one_that_hangs_are_settled_before_it() {
    let letters = vec![
        with_document("hang"),
        plain("et"),
        with_document("to"),
        plain("tre"),
        with_document("fire"),
    ];
    let work = Work::on(letters, RouterOptions::default(), |_| ());
    let (before, after) = work.until(|work| work.settled() == 4).await;
    assert!((1..=4).all(|number| done(&before, number)), "{before:?}");
    assert_eq!(
        after.last(),
        Some(&Step::Settled(0, Settlement::Release)),
        "given back by the stop"
    );
    assert!(
        !after.iter().any(|step| matches!(step, Step::Recorded(s) if s.contains(&"hang".into())))
    );
}

#[tokio::test]
async fn more_that_hang_than_there_are_readers_keep_nobody_waiting() {
    let mut letters = vec![with_document("hang"); 20];
    letters.extend([with_document("et"), plain("to"), with_document("tre")]);
    let work = Work::on(letters, RouterOptions::default(), |_| ());
    let (before, after) = work.until(|work| work.settled() == 3).await;
    assert!((20..=22).all(|number| done(&before, number)), "{before:?}");
    assert!((0..20).all(|number| after.contains(&Step::Settled(number, Settlement::Release))));
    assert!(work.reading.hanging.load(Ordering::SeqCst) <= 2, "a bounded number is read at once");
}

#[tokio::test]
async fn what_takes_longer_than_a_glance_is_read_all_the_same() {
    let letters = vec![with_document("slow"), with_document("et")];
    let work = Work::on(letters, RouterOptions::default(), |_| ());
    let (before, _) = work.until(|work| work.settled() == 2).await;
    assert!(done(&before, 0) && done(&before, 1), "{before:?}");
    assert_eq!(work.reading.whole.load(Ordering::SeqCst), 1, "the other needed a glance only");
}

#[tokio::test]
async fn a_message_aside_is_acknowledged_only_after_its_transaction_has_committed() {
    let store = |store: &mut MemoryStore| store.answers.lock().unwrap().extend([away(), away()]);
    let letters = vec![with_document("et"), with_document("slow")];
    let work = Work::on(letters, RouterOptions::default(), store);
    let (steps, _) = work.until(|work| work.settled() == 2).await;
    assert_eq!(steps[..2], [Step::Refused, Step::Refused], "{steps:?}");
    for (number, subject) in [(0, "et"), (1, "slow")] {
        let recorded = steps
            .iter()
            .position(|step| matches!(step, Step::Recorded(all) if all.contains(&subject.into())));
        let settled =
            steps.iter().position(|step| *step == Step::Settled(number, Settlement::Done));
        assert!(recorded.unwrap() < settled.unwrap(), "{steps:?}");
    }
}

#[tokio::test]
async fn no_more_letters_wait_aside_than_there_is_room_for() {
    let options = RouterOptions { batch: 1, aside: 3, ..RouterOptions::default() };
    let work = Work::on(vec![with_document("hang"); 10], options, |_| ());
    // Full, and then long enough for a lane that does not wait to take more.
    let looks = AtomicUsize::new(0);
    let full = |work: &Work| {
        let full = work.queue.waiting.lock().unwrap().len() <= 6
            && work.reading.hanging.load(Ordering::SeqCst) == 2;
        full && looks.fetch_add(1, Ordering::SeqCst) > 25
    };
    let (before, _) = work.until(full).await;
    assert_eq!(before, [], "nothing is settled while all of them hang");
    assert_eq!(
        work.queue.waiting.lock().unwrap().len(),
        6,
        "three aside, and one that the lane holds"
    );
}

#[tokio::test]
async fn no_more_bytes_wait_aside_than_there_is_room_for_and_a_large_letter_goes_alone() {
    let options = RouterOptions { aside_bytes: 1, ..RouterOptions::default() };
    let letters = vec![with_document("et"), with_document("slow"), with_document("tre")];
    let work = Work::on(letters, options, |_| ());
    let (steps, _) = work.until(|work| work.settled() == 3).await;
    let alone = |step: &Step| matches!(step, Step::Recorded(all) if all.len() == 1);
    assert_eq!(steps.iter().filter(|step| alone(step)).count(), 3, "{steps:?}");
}

#[tokio::test]
async fn a_panic_over_documents_costs_that_letter_an_attempt_and_no_other() {
    let letters = vec![with_document("et"), with_document("panic"), with_document("tre")];
    let work = Work::on(letters, RouterOptions::default(), |_| ());
    let (steps, _) = work.until(|work| work.settled() == 3).await;
    assert!(done(&steps, 0) && done(&steps, 2), "{steps:?}");
    assert!(steps.iter().any(|step| matches!(step, Step::Settled(1, Settlement::Retry { .. }))));
}
