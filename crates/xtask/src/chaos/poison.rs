//! Letters that end whatever process reads them, among good ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use postbud_testkit::oracle::Obligation;

use super::place::Place;
use super::stage::Stage;
use super::targets::memo;
use super::worker::Worker;

/// What a letter does, and the beginning of the ids of those that do it.
const KINDS: [(&str, &str); 4] = [
    ("panic", "dead0001"),
    ("overflow", "dead0002"),
    ("spin", "dead0003"),
    ("allocate", "dead0004"),
];
/// The memory that the supervisor grants.
const MEMORY: u64 = 1_500_000_000;
/// How long reading a letter may take.
const SECONDS: u64 = 2;
/// One poison letter comes after so many good ones.
const GOOD: u64 = 49;
const TRIED: u64 = 3;
/// The share of the pace without poison that must be left, with so many poison letters.
const SHARE: f64 = 0.9;
const ENOUGH: u64 = 50;
const END: Duration = Duration::from_secs(600);

/// Every fiftieth letter panics, overflows the stack, never ends, or wants eight gigabytes. The
/// supervisor starts a worker that died again at once.
pub(super) fn poison(stage: &mut Stage<'_>) -> Result<()> {
    // Letters that never end are what takes the time: about five seconds for each poison letter.
    let share = stage.until.saturating_duration_since(Instant::now()).as_secs();
    let count = (share / 5).clamp(4, 100);
    // The same number of good letters without poison, to compare with.
    let good = GOOD * count;
    for _ in 0..count {
        stage.sender()?.send(GOOD)?;
    }
    let begun = Instant::now();
    let worker = stage.worker(None)?;
    until_received(stage, good)?;
    let clean = begun.elapsed();
    worker.terminate(Duration::from_secs(10))?;

    for number in 0..count {
        let uuid = send_poison(stage, number)?;
        stage.extra.insert(u64::MAX - number, owed(uuid));
        stage.sender()?.send(GOOD)?;
    }
    stage.poisoned = count;
    stage.faults = u32::try_from(count)?;
    let begun = Instant::now();
    let supervisor = Supervisor::start(stage.place.clone());
    until_received(stage, 2 * good)?;
    let poisoned = begun.elapsed();
    while stage.place.queued()?.1 < count {
        ensure!(
            begun.elapsed() < END,
            "poison letters are not given up: {:?}",
            stage.place.queued()?
        );
        thread::sleep(Duration::from_millis(300));
    }
    let deaths = supervisor.end()?;
    for (id, attempts, reason) in stage.place.dead()? {
        if attempts > TRIED || !(reason.contains("panic") || reason.contains("process")) {
            stage.broken.push(format!("{id} after {attempts} attempts: {reason}"));
        }
    }
    let rate = |time: Duration| good as f64 / time.as_secs_f64();
    stage.notes.push(format!(
        "{deaths} deaths of the worker; {:.0} good letters/s, {:.0} without poison",
        rate(poisoned),
        rate(clean)
    ));
    // A few hundred letters are through before the first death is over: no measure of a pace.
    if count >= ENOUGH && rate(poisoned) < SHARE * rate(clean) {
        stage.broken.push("poison letters hold up the good ones".to_owned());
    }
    Ok(())
}

fn send_poison(stage: &Stage<'_>, number: u64) -> Result<String> {
    let kinds = KINDS.iter().cycle();
    let (_, start) = kinds.clone().nth(usize::try_from(number)? % KINDS.len()).unwrap_or(&KINDS[0]);
    let uuid = format!("{start}-0000-4000-8000-{number:012}");
    let folder = stage.place.dir.join("poison");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("brev.xml"), memo(&uuid, "R29kZGFn"))?;
    stage.place.send(&folder)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(uuid)
}

fn owed(id: String) -> Obligation {
    let wanted = "dead".to_owned();
    Obligation { id, hash: String::new(), len: 0, wanted, confirmed: true }
}

fn until_received(stage: &Stage<'_>, count: u64) -> Result<()> {
    let begun = Instant::now();
    while stage.place.counts()?.received < count {
        let counts = stage.place.counts()?;
        ensure!(
            begun.elapsed() < END,
            "{counts:?} of {count} letters, {:?} queued",
            stage.place.queued()?
        );
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Starts the worker again whenever it dies.
struct Supervisor {
    stop: Arc<AtomicBool>,
    deaths: Arc<AtomicU32>,
    thread: thread::JoinHandle<Result<()>>,
}

impl Supervisor {
    fn start(place: Place) -> Self {
        let (stop, deaths) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&deaths));
        let plan: Vec<String> =
            KINDS.iter().map(|(what, ids)| format!("after-parse={what}:{ids}")).collect();
        let plan = plan.join(",");
        let thread = thread::spawn(move || {
            let mut worker = Worker::limited(&place, &plan, MEMORY, SECONDS)?;
            while !stopped.load(Ordering::Relaxed) {
                if worker.ended()? {
                    count.fetch_add(1, Ordering::Relaxed);
                    worker = Worker::limited(&place, &plan, MEMORY, SECONDS)?;
                }
                thread::sleep(Duration::from_millis(20));
            }
            worker.kill()
        });
        Self { stop, deaths, thread }
    }

    /// Ends the worker; how often it died.
    fn end(self) -> Result<u32> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the supervisor panicked"))??;
        Ok(self.deaths.load(Ordering::Relaxed))
    }
}
