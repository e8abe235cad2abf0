//! Every route with who may use it, in one table from which the router is built.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use postbud_pipeline::Stop;

use crate::attempts::Attempts;
use crate::pages::{evidence, find, letter, list, sign_in, small, switches};
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
    post "/language" Public small::language;
    post "/sign-out" SignedIn sign_in::leave;
    get "/" Letters list::page;
    get "/counts" Letters small::counts;
    get "/next" Letters list::next;
    get "/letters/{id}" Letters letter::page;
    post "/letters/{id}/decide" Letters letter::decide;
    post "/letters/{id}/undo" Letters letter::undo;
    post "/letters/{id}/note" Letters letter::note;
    post "/letters/{id}/take" Letters letter::take;
    get "/letters/{id}/documents/{n}" Letters letter::document;
    get "/find" Letters find::page;
    get "/evidence" Evidence evidence::page;
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
    let room = Arc::new(Room { store, options, stop, attempts: Attempts::default() });
    handlers(&room)
        .fallback(small::nothing)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn(guard::headers))
        .with_state(room)
}
