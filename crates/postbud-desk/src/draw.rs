//! Which letters people look at again, without being told where the machine sent them.
//!
//! Every letter that the machine sends out has a number from 0 to 1: a keyed hash of its id, which
//! nobody can foresee and which every desk beside this one computes alike. Letters below the share
//! are drawn as they come. When a week is over and fewer were drawn than it should have, those of
//! its letters with the lowest numbers follow. So the drawn letters of a week are always those with
//! its lowest numbers: a random sample of them, whatever they say and whoever they are from.

use std::sync::Arc;
use std::time::Duration;

use postbud_pipeline::ports::{DeskError, SentOut, StoreError, Timestamp};
use postbud_pipeline::{Keyed, Stop};
use tracing::warn;
use uuid::Uuid;

use crate::{Blind, DeskStore};

/// Between two draws.
const PAUSE: Duration = Duration::from_secs(5);
/// So many letters are read at once.
const PAGE: u32 = 5_000;
const HOUR_MS: i64 = 3_600_000;
const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
/// The first Monday after 1970-01-01, a Thursday.
const MONDAY_MS: i64 = 4 * 24 * HOUR_MS;

/// The beginning of the week (in UTC) that a moment is in.
fn week_of(at: Timestamp) -> Timestamp {
    Timestamp((at.0 - MONDAY_MS).div_euclid(WEEK_MS) * WEEK_MS + MONDAY_MS)
}

struct Drawer {
    store: Arc<dyn DeskStore>,
    blind: Blind,
    keyed: Keyed,
    /// Letters received before are drawn or not already. A week back at first.
    from: Timestamp,
    /// The last week that was filled up.
    filled: Option<Timestamp>,
}

/// Draws until `stop`.
pub(crate) async fn keep_drawing(store: Arc<dyn DeskStore>, blind: Blind, stop: Stop) {
    if blind.share <= 0.0 && blind.least == 0 {
        return;
    }
    let mut drawer = None;
    loop {
        let now = Timestamp::now();
        let done = async {
            if drawer.is_none() {
                drawer = Some(Drawer::begin(&store, blind, now).await?);
            }
            match &mut drawer {
                Some(drawer) => drawer.draw(now).await,
                None => Ok(()),
            }
        };
        if let Err(error) = done.await {
            warn!(%error, "letters for a second look cannot be drawn now; the next draw makes up for it");
        }
        if stop.sleep(PAUSE).await {
            return;
        }
    }
}

impl Drawer {
    async fn begin(
        store: &Arc<dyn DeskStore>,
        blind: Blind,
        now: Timestamp,
    ) -> Result<Self, DeskError> {
        let fresh = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let secret = store.draw_secret(&fresh).await?;
        let keyed = Keyed::new(secret.as_bytes()).ok_or_else(|| StoreError::Incompatible {
            place: "the store".to_owned(),
            what: "a secret of the draw that is too short".to_owned(),
        })?;
        let from = now.plus_ms(-WEEK_MS);
        Ok(Self { store: Arc::clone(store), blind, keyed, from, filled: None })
    }

    async fn draw(&mut self, now: Timestamp) -> Result<(), DeskError> {
        if self.blind.share > 0.0 {
            let new = self.numbered((self.from, now.plus_ms(1))).await?;
            let below = new.into_iter().filter(|(number, _)| *number < self.blind.share);
            let below: Vec<_> = below.map(|(_, sent)| sent.letter).collect();
            self.store.draw(&below, now).await?;
            // A letter is stored a little after it was received; an hour is enough for that.
            self.from = now.plus_ms(-HOUR_MS).max(self.from);
        }
        let week = week_of(now);
        if self.filled != Some(week) {
            self.fill((week.plus_ms(-WEEK_MS), week), now).await?;
            self.filled = Some(week);
        }
        Ok(())
    }

    /// Draws the letters of a week with the lowest numbers, if too few were drawn.
    async fn fill(&self, week: (Timestamp, Timestamp), now: Timestamp) -> Result<(), DeskError> {
        if self.store.drawn(week).await? >= u64::from(self.blind.least) {
            return Ok(());
        }
        let lowest = lowest(self.numbered(week).await?, self.blind.least as usize);
        self.store.draw(&lowest.into_iter().map(|sent| sent.letter).collect::<Vec<_>>(), now).await
    }

    async fn numbered(
        &self,
        times: (Timestamp, Timestamp),
    ) -> Result<Vec<(f64, SentOut)>, DeskError> {
        let mut all = Vec::new();
        let mut last = None;
        loop {
            let page = self.store.sent_out(times, last.as_ref(), PAGE).await?;
            let full = page.len() == PAGE as usize;
            last = page.last().cloned();
            all.extend(page.into_iter().map(|sent| (self.keyed.draw(sent.letter.as_str()), sent)));
            if !full {
                return Ok(all);
            }
        }
    }
}

fn lowest(mut numbered: Vec<(f64, SentOut)>, most: usize) -> Vec<SentOut> {
    numbered.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.letter.cmp(&b.1.letter)));
    numbered.into_iter().take(most).map(|(_, sent)| sent).collect()
}

#[cfg(test)]
mod tests {
    use postbud_letter::LetterId;

    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        // 2026-11-26 12:00 UTC is a Thursday.
        let thursday = Timestamp(1_795_694_400_000);
        assert_eq!(week_of(thursday).0, 1_795_392_000_000);
        assert_eq!(week_of(week_of(thursday)), week_of(thursday));
        assert_eq!(week_of(Timestamp(-1)).0, MONDAY_MS - WEEK_MS);
    }

    /// What share draws and what fills up are the same letters, so the sample is one.
    #[test]
    fn the_lowest_numbers_hold_every_letter_below_the_share() {
        let keyed = Keyed::new(&[3; 32]).unwrap();
        let sent = |n: u32| SentOut {
            letter: LetterId::parse(&format!("l{n}")).unwrap(),
            received_at: Timestamp(i64::from(n)),
        };
        let numbered: Vec<_> =
            (0..500).map(sent).map(|s| (keyed.draw(s.letter.as_str()), s)).collect();
        let below: Vec<_> = numbered.iter().filter(|n| n.0 < 0.02).map(|n| n.1.clone()).collect();
        let lowest = lowest(numbered.clone(), 20);
        assert_eq!(lowest.len(), 20);
        assert!(!below.is_empty() && below.iter().all(|sent| lowest.contains(sent)));
    }
}
