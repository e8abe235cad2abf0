//! The description of the interface, made from the handlers and their types.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr};
use utoipa::{Modify, OpenApi};

use super::{decision, directory, evidence, history, labels, letters, work};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Postbud",
        description = "What a person does at the desk, for programs. A program has a token, made \
                       with `postbud user token`, and acts on behalf of a person."
    ),
    paths(
        letters::list,
        letters::letter,
        directory::directory,
        decision::decide,
        work::undo,
        work::notes,
        work::add_note,
        work::document,
        history::history,
        labels::list,
        evidence::evidence
    ),
    security(("token" = [])),
    modifiers(&Token, &Guard)
)]
struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Document) {
        let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", token);
    }
}

/// What any request may be told before it is looked at: the guard in front of all of them says so.
struct Guard;

impl Modify for Guard {
    fn modify(&self, document: &mut Document) {
        let resting = ResponseBuilder::new()
            .description("Too many wrong tokens came from this address.")
            .header(
                "Retry-After",
                HeaderBuilder::new()
                    .description(Some("So many seconds until it may try again."))
                    .schema(Some(Object::with_type(Type::Integer)))
                    .build(),
            );
        let away = ResponseBuilder::new().description("The database does not answer.");
        let said = [("429", resting), ("503", away)].map(|(status, response)| {
            let problem = Content::new(Some(Ref::from_schema_name("ApiProblem")));
            (status, response.content("application/problem+json", problem).build())
        });
        for item in document.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                for (status, response) in &said {
                    let response = RefOr::T(response.clone());
                    operation.responses.responses.insert((*status).to_owned(), response);
                }
            }
        }
    }
}

pub(crate) async fn document() -> Response {
    let text = Description::openapi().to_json().unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Access, ROUTES};

    #[test]
    fn every_route_for_programs_is_described_and_no_other() {
        let text = Description::openapi().to_json().unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys();
                methods.map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let routes = ROUTES.iter().filter(|route| route.access == Access::Program);
        let routes: BTreeSet<(String, String)> =
            routes.map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
        let ids: BTreeSet<&str> = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|methods| methods.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), routes.len(), "no two operations are called the same");
        assert!(!routes.is_empty());
        assert_eq!(described, routes);
        assert!(ROUTES.iter().all(|r| r.access == Access::Program || !r.path.contains("/v1/")));
    }

    #[test]
    fn the_description_is_as_programs_know_it() {
        let mut document = Description::openapi();
        document.info.version = "any".to_owned();
        insta::assert_snapshot!(document.to_pretty_json().unwrap());
    }
}
