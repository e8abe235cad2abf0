//! What stands in one letter: its words, and its features, each once.
//!
//! Features are counted before they are looked up, so that what occurs often is looked up once, and
//! the look-ups follow each other without waiting for anything else. A word that was in the letter
//! before is not taken apart again.

use crate::grams::{GramOptions, Whole, char_grams};
use crate::text::{Span, Text};
use crate::words::{Word, each_word};

/// A letter as it was read; the memory is used again for the next one.
#[derive(Default)]
pub(crate) struct Reading {
    buffer: Vec<char>,
    pub(crate) distinct: Distinct,
    kinds: Kinds,
    /// All words in reading order.
    pub(crate) words: Vec<Place>,
}

/// Where a word stands, and where its features stand among the distinct ones.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) span: Span,
    /// A number that the model does not read.
    pub(crate) masked: bool,
    /// The number of its kind: words of the same characters are of one kind.
    pub(crate) kind: u32,
    /// The feature of the word itself.
    pub(crate) single: u32,
    /// The feature that it makes with the word before it.
    pub(crate) pair: Option<u32>,
}

impl Reading {
    /// Reads a letter.
    pub(crate) fn read(&mut self, text: Text<'_>, options: GramOptions) {
        let Self { buffer, distinct, kinds, words } = self;
        distinct.clear();
        kinds.clear();
        words.clear();
        let mut previous: Option<Whole> = None;
        each_word(text, buffer, |word| {
            let whole = Whole::of(&word);
            let single = distinct.add(whole.single());
            let before = previous.filter(|_| options.pairs && !word.first);
            let pair = before.map(|before| distinct.add(before.pair(whole)));
            previous = Some(whole);
            let kind = kinds.read(&word, whole, options, distinct);
            words.push(Place {
                span: word.span,
                masked: word.padded.is_empty(),
                kind,
                single,
                pair,
            });
        });
    }

    /// The features of the characters of a word, each as often as it occurs there.
    pub(crate) fn char_grams(&self, word: &Place) -> &[u32] {
        self.kinds.char_grams(word.kind as usize)
    }

    /// How many kinds of words there are.
    pub(crate) fn kinds(&self) -> usize {
        self.kinds.ends.len()
    }
}

/// The different words of a letter.
#[derive(Default)]
struct Kinds {
    /// Open addressing: the number + 1; 0 marks a free slot.
    slots: Vec<u32>,
    wholes: Vec<u64>,
    /// The characters of all of them, one after the other.
    chars: Vec<char>,
    /// Places of the features of their characters.
    places: Vec<u32>,
    /// Per kind, where its characters and its places end.
    ends: Vec<(u32, u32)>,
}

/// So many slots for kinds there are at least.
const FEWEST_KINDS: usize = 1_024;

impl Kinds {
    fn clear(&mut self) {
        self.wholes.clear();
        self.chars.clear();
        self.places.clear();
        self.ends.clear();
        self.slots.clear();
        self.slots.resize(FEWEST_KINDS, 0);
    }

    fn ends(&self, kind: usize) -> ((u32, u32), (u32, u32)) {
        let before = kind.checked_sub(1).map_or((0, 0), |before| self.ends[before]);
        (before, self.ends[kind])
    }

    fn char_grams(&self, kind: usize) -> &[u32] {
        let ((_, from), (_, to)) = self.ends(kind);
        &self.places[from as usize..to as usize]
    }

    /// The number of a word's kind; the features of its characters are counted.
    fn read(
        &mut self,
        word: &Word<'_>,
        whole: Whole,
        options: GramOptions,
        distinct: &mut Distinct,
    ) -> u32 {
        if self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = whole.single() as usize & mask;
        while let Some(kind) = (self.slots[slot] as usize).checked_sub(1) {
            let ((from, _), (to, _)) = self.ends(kind);
            if self.wholes[kind] == whole.0
                && self.chars[from as usize..to as usize] == *word.padded
            {
                self.char_grams(kind).iter().for_each(|&place| distinct.again(place));
                return kind as u32;
            }
            slot = (slot + 1) & mask;
        }
        let places = &mut self.places;
        char_grams(word.padded, options, |id| places.push(distinct.add(id)));
        self.chars.extend_from_slice(word.padded);
        // As for features: few, as letters are cut to their beginning.
        let kind = self.ends.len() as u32;
        self.ends.push((self.chars.len() as u32, self.places.len() as u32));
        self.wholes.push(whole.0);
        self.slots[slot] = kind + 1;
        kind
    }

    #[cold]
    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        self.slots.clear();
        self.slots.resize(mask + 1, 0);
        for (number, &whole) in (1..).zip(&self.wholes) {
            let mut slot = Whole(whole).single() as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = number;
        }
    }
}

/// So many slots there are at least; those of a letter of a page stay in the nearest cache.
const FEWEST_SLOTS: usize = 4_096;

/// Features in the order of their first appearance.
#[derive(Default)]
pub(crate) struct Distinct {
    pub(crate) ids: Vec<u32>,
    /// How often each occurs.
    pub(crate) counts: Vec<u32>,
    /// Open addressing: feature and its place + 1; a place of 0 marks a free slot.
    slots: Vec<(u32, u32)>,
}

impl Distinct {
    /// Forgets all features; the memory of a letter of usual length is kept.
    fn clear(&mut self) {
        self.ids.clear();
        self.counts.clear();
        self.slots.clear();
        self.slots.resize(FEWEST_SLOTS, (0, 0));
    }

    /// Counts one occurrence: the feature's place.
    #[inline]
    fn add(&mut self, id: u32) -> u32 {
        if self.ids.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mut slot = self.first_slot(id);
        loop {
            match self.slots[slot] {
                (_, 0) => break,
                (known, place) if known == id => {
                    self.again(place - 1);
                    return place - 1;
                }
                _ => slot = self.after(slot),
            }
        }
        // Fewer features than bytes are read, and those are few.
        let place = self.ids.len() as u32;
        self.slots[slot] = (id, place + 1);
        self.ids.push(id);
        self.counts.push(1);
        place
    }

    /// Counts another occurrence of the feature at this place.
    #[inline]
    fn again(&mut self, place: u32) {
        self.counts[place as usize] += 1;
    }

    fn first_slot(&self, id: u32) -> usize {
        id as usize & (self.slots.len() - 1)
    }

    fn after(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(FEWEST_SLOTS);
        self.slots.clear();
        self.slots.resize(size, (0, 0));
        for (place, &id) in (1..).zip(&self.ids) {
            let mut slot = self.first_slot(id);
            while self.slots[slot].1 != 0 {
                slot = self.after(slot);
            }
            self.slots[slot] = (id, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grams::each_feature;

    #[test]
    fn grows_and_starts_again() {
        let mut distinct = Distinct::default();
        for round in 0..3_u32 {
            distinct.clear();
            let many = FEWEST_SLOTS as u32 * (3 - round);
            for id in (0..many).chain(0..many) {
                // All in the same few slots.
                assert_eq!(distinct.add(id << 8 | round), id);
            }
            assert_eq!(distinct.ids.len(), many as usize);
            assert!(distinct.counts.iter().all(|&count| count == 2));
        }
    }

    /// What a reading says of each feature must be what it is counted as.
    fn check(text: Text<'_>, options: GramOptions, reading: &mut Reading) {
        reading.read(text, options);
        let mut found: Vec<u32> = Vec::new();
        for word in &reading.words {
            found.push(word.single);
            found.extend(word.pair);
            found.extend(reading.char_grams(word));
        }
        let found: Vec<u32> = found.iter().map(|&at| reading.distinct.ids[at as usize]).collect();
        let mut expected = Vec::new();
        each_feature(text, options, &mut Vec::new(), |id| expected.push(id));
        assert_eq!(found, expected);
        let mut first = Vec::new();
        for id in expected {
            if !first.contains(&id) {
                first.push(id);
            }
        }
        assert_eq!(reading.distinct.ids, first, "in order of appearance");
        for (&id, &count) in reading.distinct.ids.iter().zip(&reading.distinct.counts) {
            assert_eq!(count as usize, found.iter().filter(|&&other| other == id).count());
        }
    }

    #[test]
    fn many_words_and_then_few() {
        let many: String = (0..3 * FEWEST_KINDS).map(|n| format!("{} og ", n % 2_000)).collect();
        let options = GramOptions { chars_max: 0, ..GramOptions::default() };
        let mut reading = Reading::default();
        for body in [many.as_str(), "", "og 12345 og 12345"] {
            check(Text { subject: "Og", body }, options, &mut reading);
        }
        assert_eq!(reading.kinds(), 2);
    }

    proptest! {
        #[test]
        fn reads_the_features_that_are_learnt(
            words in prop::collection::vec("[a-c]{1,3}|[æøå]{1,9}|[A-Z]{1,7}|[0-9]{4,6}|\\PC{1,4}", 0..40),
            pairs in any::<bool>(),
            chars_min in 0_u8..5,
            chars_max in 0_u8..7,
        ) {
            let body = words.join(" ");
            let options = GramOptions { pairs, chars_min, chars_max };
            check(Text { subject: "Om åen", body: &body }, options, &mut Reading::default());
        }

        #[test]
        fn counts_each_once(ids in prop::collection::vec(0_u32..40, 0..300)) {
            let mut distinct = Distinct::default();
            distinct.clear();
            let places: Vec<u32> = ids.iter().map(|&id| distinct.add(id << 20)).collect();
            for (&place, &id) in places.iter().zip(&ids) {
                prop_assert_eq!(distinct.ids[place as usize], id << 20);
            }
            for (&id, &count) in distinct.ids.iter().zip(&distinct.counts) {
                let occurs = ids.iter().filter(|&&other| other << 20 == id).count();
                prop_assert_eq!(count as usize, occurs);
            }
            prop_assert!(distinct.ids.len() <= 40);
        }
    }
}
