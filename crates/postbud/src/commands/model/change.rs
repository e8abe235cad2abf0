//! `postbud model promote`, `rollback` and `challenge`: changing the roles.
//!
//! What a running router would refuse is refused here, before the record changes: a file that does
//! not verify, and a model that is of no use under the configuration.

use postbud_evaluate::Promise;
use postbud_learn::{Action, Registry, RegistryError, Signature, certify_model};
use postbud_model::Model;
use postbud_pipeline::ports::{Timestamp, is_person};
use serde_json::json;

use super::{Place, refusal, words};
use crate::classifier::{accepts, routing};
use crate::cli::{ChallengeArgs, Lang, OutputArgs, PromoteArgs, RollbackArgs, SignatureArgs};
use crate::exit::Failure;
use crate::output;

/// Lets a version take over.
pub(super) fn promote(args: &PromoteArgs) -> anyhow::Result<()> {
    let mut place = Place::of(&args.which)?;
    let signature = signed(&args.signature);
    let done = place.change(|registry, check| registry.promote(args.version, &signature, check));
    let model = done?;
    let before = place.changed(&signature, Action::Promote, args.version);
    let name = place.name(args.version);
    if args.which.output.json {
        return output::json(&json!({
            "champion": name,
            "changed": before.is_some(),
            "instead_of": before.flatten().map(|version| place.name(version)),
            "checksum": model.checksum_hex(),
        }));
    }
    let lang = output::lang(args.which.output.lang);
    let Some(before) = before else {
        return output::line(&words::already(lang, &name));
    };
    let before = before.map(|version| place.name(version));
    output::line(&words::promoted(lang, &name, before.as_deref()))?;
    place.say_what_it_may(lang, &model)
}

/// Goes back to the champion before.
pub(super) fn rollback(args: &RollbackArgs) -> anyhow::Result<()> {
    let mut place = Place::of(&args.which)?;
    let signature = signed(&args.signature);
    let (version, model) = place.change(|registry, check| registry.rollback(&signature, check))?;
    let before = place.changed(&signature, Action::Rollback, version).flatten();
    let before = before.map(|version| place.name(version));
    let name = place.name(version);
    if args.which.output.json {
        return output::json(&json!({
            "champion": name,
            "instead_of": before,
            "checksum": model.checksum_hex(),
        }));
    }
    let lang = output::lang(args.which.output.lang);
    output::line(&words::rolled_back(lang, &name, before.as_deref().unwrap_or_default()))?;
    place.say_what_it_may(lang, &model)
}

/// Lets a version score every letter, or ends that.
pub(super) fn challenge(args: &ChallengeArgs) -> anyhow::Result<()> {
    let mut place = Place::of(&args.which)?;
    let signature = signed(&args.signature);
    let Some(version) = args.version else {
        let ended = place.change(|registry, _| registry.end_challenge(&signature))?;
        return place.say_ended(&args.which.output, ended);
    };
    let model = place.change(|registry, check| registry.challenge(version, &signature, check))?;
    let name = place.name(version);
    if args.which.output.json {
        let checksum = model.checksum_hex();
        return output::json(&json!({ "challenger": name, "checksum": checksum }));
    }
    let champion = place.champion().unwrap_or_default();
    output::line(&words::challenges(output::lang(args.which.output.lang), &name, &champion))
}

impl Place {
    /// Makes a change, with the check that the configuration asks for.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Registry, postbud_learn::Check<'_>) -> Result<T, RegistryError>,
    ) -> Result<T, Failure> {
        let config = self.config.as_ref();
        let check = |model: &Model| config.map_or(Ok(()), |config| accepts(config, model));
        let done = change(&mut self.registry, &check);
        done.map_err(|error| refusal::of(&error, self.champion().as_deref()))
    }

    fn champion(&self) -> Option<String> {
        self.registry.champion().ok().map(|version| self.name(version))
    }

    /// The version that had the role before, when it was this signature that changed it; `None`
    /// when nothing had to change.
    fn changed(&self, signature: &Signature, action: Action, version: u32) -> Option<Option<u32>> {
        let last = self.registry.history().last()?;
        let ours = last.at == signature.at && last.action == action && last.version == version;
        ours.then_some(last.instead_of)
    }

    /// What the new champion may do by itself under this configuration.
    fn say_what_it_may(&self, lang: Lang, model: &Model) -> anyhow::Result<()> {
        let Some(config) = &self.config else { return Ok(()) };
        let promise = Promise::new(config.promise.target_error, config.promise.confidence)?;
        let found = certify_model(model, &routing(config, model.labels()), promise)?;
        output::line(&words::may(lang, found.coverage, promise.target()))
    }

    fn say_ended(&self, how: &OutputArgs, ended: Option<u32>) -> anyhow::Result<()> {
        let ended = ended.map(|version| self.name(version));
        if how.json {
            return output::json(&json!({ "challenger": null, "ended": ended }));
        }
        output::line(&words::challenge_ended(output::lang(how.lang), ended.as_deref()))
    }
}

fn signed(args: &SignatureArgs) -> Signature {
    // The service's own account may be called postbud, but a person does this.
    let by = if is_person(&args.by) { args.by.trim() } else { "terminal" };
    Signature { by: by.to_owned(), why: args.why.clone(), at: Timestamp::now().0 }
}
