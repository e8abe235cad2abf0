//! An identity token: signed by the issuer, meant for this desk, and the answer to this question.

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use super::claims::Claims;
use super::{OidcError, OidcOptions, keys};

/// A longer token is none.
const TOKEN_BYTES: usize = 64 << 10;
/// So far may the clocks of the two servers differ, in seconds.
const LEEWAY_S: u64 = 60;

fn refused(what: &str) -> OidcError {
    OidcError::Token(what.to_owned())
}

/// What the library says names claims and never their values.
fn said(error: &jsonwebtoken::errors::Error) -> OidcError {
    refused(&error.to_string())
}

/// The key that a token names. `None` when the issuer's keys have none of that name: it may have
/// got new ones.
fn key_of(token: &str, keys: &JwkSet) -> Result<Option<DecodingKey>, OidcError> {
    let header = decode_header(token).map_err(|error| said(&error))?;
    let for_signing = |key: &&jsonwebtoken::jwk::Jwk| {
        !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
    };
    let mut candidates = keys.keys.iter().filter(for_signing);
    let found = match &header.kid {
        Some(kid) => candidates.find(|key| key.common.key_id.as_ref() == Some(kid)),
        // Only an issuer with one key may leave its name out.
        None if keys.keys.len() == 1 => candidates.next(),
        None => None,
    };
    found.map(|key| DecodingKey::from_jwk(key).map_err(|error| said(&error))).transpose()
}

/// What a token says, if it holds; `None` when none of the keys is the one it names.
pub(super) fn claims(
    token: &str,
    keys: &JwkSet,
    options: &OidcOptions,
    nonce: &str,
) -> Result<Option<Claims>, OidcError> {
    keys::install();
    if token.len() > TOKEN_BYTES {
        return Err(refused("it is too long"));
    }
    let Some(key) = key_of(token, keys)? else {
        return Ok(None);
    };
    let mut validation = Validation {
        algorithms: keys::accepted(key.family()),
        leeway: LEEWAY_S,
        validate_nbf: true,
        ..Validation::default()
    };
    validation.set_issuer(&[&options.issuer]);
    validation.set_audience(&[&options.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<Claims>(token, &key, &validation).map_err(|error| said(&error))?.claims;
    if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
        return Err(refused("it answers another question"));
    }
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    let party = claims.get("azp").and_then(Value::as_str);
    if (several || party.is_some()) && party != Some(options.client_id.as_str()) {
        return Err(refused("it was given to another program"));
    }
    Ok(Some(claims))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    // A public key, and what its private half signed before it was thrown away.
    const MODULUS: &str = "p6PZWN_hjLVFYSXWeuyCW8C_dyUTUIyNwcdB9_f-H9OwFUYphrZT7GAjjbDDp4F9KT2JQA076ULiPPlj\
        gEn2K8fxE9nv4aNw_I2PcSQs2ohhLlmTcoMET4n_qTHhAsUvl6nCyirkjxv9kLxSZTdxr5ViG71oUFnJ\
        fVPD58mDDL4e9kHgttARUspLwdOPXqEqlUbf2GjNRM-P_vxw12k6RhE_jo2W6qrUP_aQ8OqBIluvNYnv\
        oy_Xh5zibJ8Yei2Kb5Wi5hwX2Zh6XJIIaOMjCEqWxWUbJdn4sWOi7fkOpffoPdpTxBuWyCeBovECSuNb\
        WZ9ZLt_yyyd7u6juC_ohXw";
    const RS256: &str = "BYh9GXKs9-WeR8ZBU2atATWXLOrN0Qt1jrFURGIppolLpRxsd8LahCKdE6MQIz_Vk-CeEpDRSnkpZZww\
        Fr_BPQCOmiSOKz9UCe3OiiawHFZ0VoMGO_grEA77VcttnhNNc5ivHd33O8oTsFaoLrgakAUVs_F_nU_9\
        xJfgzrNpV-savM3hlPD5N2MhjriCf7ce7snBWuH-LMbBpDG2JYaTKCasBaoqFp54OtjKJ0iwkrkouiAM\
        avFmi1eSYOqZbs32KrRVuobx2ValfwDNaxTjXL36VKF4LSGL_l0ZeBMptJ8YcU1f_ttwTMs9akaBPoJn\
        K_EV-QqDi9iuPImRFqKspA";
    const PS256: &str = "JLrRjISjebhZwv5H1wcVYK4-3_4-GmTx3qEe9F3Mf8zouZTiEmC66RizR4nWOvOJX1qikY8GNabMsC4q\
        0JakZhBByUgrdmB7z18jpM5nyrj4siKRKKwWmIs7DIIN7pcF6BUIqyaPC2adFlB0QDMeE_9EUN8mlynG\
        h8ZxDEbHy9gT0S3VfEBhhtxDQX3zqDZQ0SCu_YXEo7mnsEWepk8bsVTkHJsShvY0AB-GxF5RewbYQoMd\
        isGEYQdrtOBnzthvfEjcrMNgVz2hxECb1HJZWLaa4fFp55uMz67QKaaRkWfn7KF-wRAf-XBspwdTc7qa\
        0Yvsi2LmnFRrHE855kZFuQ";

    fn options() -> OidcOptions {
        OidcOptions {
            issuer: "https://id.klit.example".to_owned(),
            client_id: "postbud".to_owned(),
            client_secret: None,
            public_url: String::new(),
            scopes: Vec::new(),
            name_claim: String::new(),
            role_claim: String::new(),
            roles: Vec::new(),
        }
    }

    fn keys() -> JwkSet {
        // As issuers publish them: one for another purpose, one of a kind that nobody knows.
        let keys = json!({ "keys": [
            { "kty": "RSA", "use": "enc", "kid": "one", "n": "AQAB", "e": "AQAB" },
            { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": MODULUS, "e": "AQAB" },
        ] });
        serde_json::from_value(keys).unwrap()
    }

    fn token(alg: &str, claims: &str, signed: &str) -> String {
        let header = format!("{{\"alg\":\"{alg}\",\"kid\":\"one\"}}");
        format!("{}.{}.{signed}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    const CLAIMS: &str = "{\"iss\":\"https://id.klit.example\",\"aud\":\"postbud\",\"sub\":\"1\",\
        \"nonce\":\"n\",\"exp\":32503680000}";

    #[test]
    fn tokens_that_an_rsa_key_signed_hold_and_no_others() {
        for (alg, signed) in [("RS256", RS256), ("PS256", PS256)] {
            let claims = claims(&token(alg, CLAIMS, signed), &keys(), &options(), "n");
            assert_eq!(claims.unwrap().unwrap()["sub"], "1", "{alg}");
        }
        let other = CLAIMS.replace("\"sub\":\"1\"", "\"sub\":\"2\"");
        for (alg, what, signed) in [
            ("RS256", CLAIMS, PS256),
            ("PS256", CLAIMS, RS256),
            ("RS256", other.as_str(), RS256),
            ("RS256", CLAIMS, ""),
            ("ES256", CLAIMS, RS256),
            ("HS256", CLAIMS, RS256),
        ] {
            let refused = claims(&token(alg, what, signed), &keys(), &options(), "n");
            assert!(matches!(refused, Err(OidcError::Token(_))), "{alg} {what}");
        }
        let nonsense = claims("a.b", &keys(), &options(), "n");
        assert!(matches!(nonsense, Err(OidcError::Token(_))));
    }
}
