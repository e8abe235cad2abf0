//! Every route with who may use it, in one table from which the router is built.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use postbud_pipeline::Stop;
use tracing::error;

use crate::api::{
    decision, directory, evidence as api_evidence, history, labels as api_labels, letters, openapi,
    work,
};
use crate::attempts::Attempts;
use crate::oidc::{Provider, sign_in as elsewhere};
use crate::pages::{
    authority, blind, card, decide, documents, evidence, find, label_work, labels, letter, list,
    looks, models, not_mine, person, several, sign_in, small, switches, threshold,
};
use crate::{DeskOptions, DeskStore, Room, guard};

/// The most bytes of a form.
pub(crate) const FORM_BYTES: usize = 64 << 10;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// Those who read letters.
    Letters,
    /// Those who see evidence and logs: owners and auditors.
    Evidence,
    /// Owners.
    Owner,
    /// Auditors.
    Auditor,
    /// Programs with a token.
    Program,
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path, with `{…}` for what varies.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:expr;)*) => {
        /// Every route of the desk.
        pub const ROUTES: &[Route] = &[$(Route {
            method: routes!(@name $method),
            path: $path,
            access: Access::$access,
        }),*];

        fn handlers(room: &Arc<Room>) -> Router<Arc<Room>> {
            Router::new()$(.route($path, guarded(room, Access::$access, $method($handler))))*
        }
    };
    (@name get) => { "GET" };
    (@name post) => { "POST" };
}

routes! {
    get "/desk.css" Public small::style;
    get "/desk.js" Public small::script;
    get "/sign-in" Public sign_in::page;
    post "/sign-in" Public sign_in::enter;
    get "/sign-in/elsewhere" Public elsewhere::start;
    get "/sign-in/elsewhere/back" Public elsewhere::back;
    post "/language" Public small::language;
    post "/sign-out" SignedIn sign_in::leave;
    get "/" Letters list::page;
    get "/counts" Letters small::counts;
    get "/next" Letters list::next;
    get "/letters/{id}" Letters letter::page;
    post "/letters/{id}/decide" Letters decide::decide;
    post "/letters/{id}/undo" Letters decide::undo;
    post "/letters/{id}/note" Letters decide::note;
    post "/letters/{id}/take" Letters decide::take;
    get "/letters/{id}/documents/{n}" Letters documents::document;
    get "/letters/{id}/documents/{n}/text" Letters documents::text;
    get "/letters/{id}/authority" Letters authority::page;
    post "/letters/{id}/authority" Letters authority::decide;
    post "/letters/{id}/several" Letters several::decide;
    get "/second-look" Letters blind::next;
    get "/letters/{id}/second-look" Letters blind::page;
    post "/letters/{id}/second-look" Letters blind::answer;
    post "/letters/{id}/send-on" Letters blind::send_on;
    get "/not-mine/{key}/{mark}" Public not_mine::page;
    post "/not-mine/{key}/{mark}" Public not_mine::send;
    get "/find" Letters find::page;
    get "/evidence" Evidence evidence::page;
    get "/looks" Evidence looks::page;
    get "/person" Auditor person::page;
    post "/person/export" Auditor person::export;
    post "/person/restrict" Auditor person::restrict;
    post "/person/erase" Auditor person::erase;
    get "/threshold" Evidence threshold::page;
    get "/models" Evidence models::page;
    get "/models/{n}/card" Evidence card::card;
    get "/models/{n}/risk-coverage.svg" Evidence card::risk_coverage;
    get "/models/{n}/reliability.svg" Evidence card::reliability;
    get "/models/{n}/confusion.svg" Evidence card::confusion;
    post "/models/promote" Owner models::promote;
    post "/models/roll-back" Owner models::roll_back;
    post "/models/challenge" Owner models::challenge;
    get "/labels" Evidence labels::page;
    post "/labels/withdraw" Owner label_work::withdraw;
    post "/labels/retrain" Owner label_work::retrain;
    post "/labels/import" Owner label_work::import;
    get "/api/openapi.json" Public openapi::document;
    get "/api/v1/letters" Program letters::list;
    get "/api/v1/letters/{id}" Program letters::letter;
    get "/api/v1/letters/{id}/history" Program history::history;
    post "/api/v1/letters/{id}/decision" Program decision::decide;
    post "/api/v1/letters/{id}/undo" Program work::undo;
    get "/api/v1/letters/{id}/notes" Program work::notes;
    post "/api/v1/letters/{id}/notes" Program work::add_note;
    get "/api/v1/letters/{id}/documents/{n}" Program work::document;
    get "/api/v1/directory" Program directory::directory;
    get "/api/v1/labels" Program api_labels::list;
    get "/api/v1/evidence" Program api_evidence::evidence;
    post "/switch-off" Owner switches::off;
    post "/switch-on" Owner switches::on;
}

fn guarded(
    room: &Arc<Room>,
    access: Access,
    handler: MethodRouter<Arc<Room>>,
) -> MethodRouter<Arc<Room>> {
    handler.route_layer(from_fn_with_state((Arc::clone(room), access), guard::guard))
}

/// The desk as a service.
pub fn router(store: Arc<dyn DeskStore>, options: DeskOptions, stop: Stop) -> Router {
    let elsewhere = options.oidc.clone().and_then(|oidc| match Provider::new(oidc) {
        Ok(provider) => Some(provider),
        Err(error) => {
            error!(%error, "nobody can sign in elsewhere");
            None
        }
    });
    let (attempts, tokens) = (Attempts::default(), Attempts::default());
    let room = Arc::new(Room { store, options, stop, attempts, tokens, elsewhere });
    handlers(&room)
        .fallback(small::nothing)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn(guard::headers))
        .with_state(room)
}
