//! Which letters are about whom, by a keyed hash of the CPR number.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use postbud_letter::LetterId;
use postbud_pipeline::ports::{LabelError, RawId, StoreError, Timestamp, is_person};
use sha2::Sha256;

use crate::hex;
use crate::list::{ROWS_AT_MOST, letter_id};
use crate::sql::{Fault, Row, Value};
use crate::store::{SqlStore, read, write};

/// What a CPR number becomes before it is stored.
#[derive(Clone)]
pub struct PersonKey([u8; 32]);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key for the index of people is 64 hexadecimal digits")]
pub struct PersonKeyError;

impl PersonKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`PersonKeyError`].
    pub fn parse(text: &str) -> Result<Self, PersonKeyError> {
        hex::key(text).map(Self).ok_or(PersonKeyError)
    }

    /// The name of a person in the index: HMAC-SHA-256 of the ten digits, in hexadecimal.
    #[must_use]
    pub fn person(&self, cpr: &str) -> String {
        let digits: String = cpr.chars().filter(char::is_ascii_digit).collect();
        // A key of any length will do, so this cannot fail.
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mut mac) => {
                mac.update(digits.as_bytes());
                hex::hex(&mac.finalize().into_bytes())
            }
            Err(_) => String::new(),
        }
    }
}

impl fmt::Debug for PersonKey {
    /// Never shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey")
    }
}

impl SqlStore {
    /// Letters in which nobody has looked for people yet, oldest first.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn without_persons(&self, limit: u32) -> Result<Vec<(LetterId, RawId)>, StoreError> {
        const SQL: &str = "
            SELECT t.id, t.raw_id FROM letters AS t
            WHERE NOT EXISTS (SELECT 1 FROM person_indexed AS p WHERE p.letter = t.id)
            ORDER BY t.received_at, t.id LIMIT $1";
        let limit = i64::from(limit.min(ROWS_AT_MOST));
        read!(self, "listing letters without people", tx => async {
            let rows = tx.query(SQL, &[limit.into()]).await?;
            let one = |row: &Row| Ok((letter_id(row.text(0)?)?, RawId(row.text(1)?)));
            rows.iter().map(one).collect::<Result<Vec<_>, Fault>>()
        })
    }

    /// Notes whose CPR numbers stand in a letter; none is a finding, too.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn note_persons(
        &self,
        key: &PersonKey,
        letter: &LetterId,
        cprs: &[String],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let persons: Vec<[Value; 2]> = cprs
            .iter()
            .map(|cpr| [key.person(cpr).as_str().into(), letter.as_str().into()])
            .collect();
        write!(self, "noting whom a letter is about", Duration::ZERO, tx => async {
            // It may have been erased meanwhile.
            const THERE: &str = "SELECT t.id FROM letters AS t WHERE t.id = $1 {lock}";
            if tx.query(THERE, &[letter.as_str().into()]).await?.is_empty() {
                return Ok(());
            }
            tx.execute_rows(
                "INSERT INTO person_letters (person, letter)
                 SELECT DISTINCT v.column1, v.column2 FROM {rows} WHERE true
                 ON CONFLICT (person, letter) DO NOTHING",
                &[],
                &persons,
            )
            .await?;
            tx.execute(
                "INSERT INTO person_indexed (letter, at) VALUES ($1, $2)
                 ON CONFLICT (letter) DO NOTHING",
                &[letter.as_str().into(), at.0.into()],
            )
            .await?;
            Ok(())
        })
    }

    /// The letters that are about a person, oldest first.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn letters_of(
        &self,
        key: &PersonKey,
        cpr: &str,
    ) -> Result<Vec<LetterId>, StoreError> {
        const SQL: &str = "
            SELECT t.id FROM person_letters AS p JOIN letters AS t ON t.id = p.letter
            WHERE p.person = $1 ORDER BY t.received_at, t.id";
        let person = key.person(cpr);
        read!(self, "listing a person's letters", tx => async {
            let rows = tx.query(SQL, &[person.as_str().into()]).await?;
            rows.iter().map(|row| letter_id(row.text(0)?)).collect::<Result<Vec<_>, Fault>>()
        })
    }

    /// From now on nothing about this person is decided automatically, or is again.
    ///
    /// # Errors
    /// [`LabelError::NotAPerson`], or what [`StoreError`] says of it.
    pub async fn restrict(
        &self,
        key: &PersonKey,
        cpr: &str,
        restricted: bool,
        by: &str,
        at: Timestamp,
    ) -> Result<(), LabelError> {
        if !is_person(by) {
            return Err(LabelError::NotAPerson);
        }
        let person = key.person(cpr);
        write!(self, "restricting a person", Duration::ZERO, tx => async {
            let person = Value::from(person.as_str());
            if restricted {
                tx.execute(
                    "INSERT INTO person_restrictions (person, at, who) VALUES ($1, $2, $3)
                     ON CONFLICT (person) DO NOTHING",
                    &[person, at.0.into(), by.trim().into()],
                )
                .await
            } else {
                tx.execute("DELETE FROM person_restrictions WHERE person = $1", &[person]).await
            }
        })?;
        Ok(())
    }

    /// Since when nothing about this person is decided automatically; `None` when that is not so.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn restricted_since(
        &self,
        key: &PersonKey,
        cpr: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        const SQL: &str = "SELECT at FROM person_restrictions WHERE person = $1";
        let person = key.person(cpr);
        read!(self, "looking for a restriction", tx => async {
            let rows = tx.query(SQL, &[person.as_str().into()]).await?;
            rows.first().map(|row| row.int(0).map(Timestamp)).transpose()
        })
    }

    /// All people about whom nothing may be decided automatically, as [`PersonKey::person`] names
    /// them.
    ///
    /// # Errors
    /// What [`StoreError`] says of it.
    pub async fn restricted(&self) -> Result<HashSet<String>, StoreError> {
        const SQL: &str = "SELECT person FROM person_restrictions";
        read!(self, "listing restrictions", tx => async {
            let rows = tx.query(SQL, &[]).await?;
            rows.iter().map(|row| row.text(0)).collect::<Result<HashSet<_>, Fault>>()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_digits_and_key() {
        let key = PersonKey::parse(&"ab".repeat(32)).unwrap();
        let other = PersonKey::parse(&"ac".repeat(32)).unwrap();
        assert_eq!(key.person("010190-0000"), key.person("0101900000"));
        assert_ne!(key.person("0101900000"), key.person("0201900000"));
        assert_ne!(key.person("0101900000"), other.person("0101900000"));
        assert!(!key.person("0101900000").contains("0101900000"));
        assert_eq!(format!("{key:?}"), "PersonKey");
        for wrong in ["", "xy", &"zz".repeat(32), &"ø".repeat(32)] {
            assert!(PersonKey::parse(wrong).is_err());
        }
    }
}
