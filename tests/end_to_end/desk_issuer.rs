//! A small OpenID Connect issuer on this machine, that signs with a real key and can misbehave.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use url::Url;

pub(crate) const CLIENT: &str = "postbud-desk";
pub(crate) const SECRET: &str = "hemmelig nøgle: 1";

/// What an identity token says, and how it is signed.
#[derive(Clone)]
pub(crate) struct Says {
    /// Claims in place of the usual ones; `null` leaves one out.
    pub(crate) claims: Value,
    /// The key in the header.
    pub(crate) kid: &'static str,
    /// Signed with a key that nobody published?
    pub(crate) forged: bool,
    /// The algorithm in the header.
    pub(crate) alg: &'static str,
}

/// Somebody with a number, a name and roles.
pub(crate) fn person(subject: &str, name: &str, roles: &[&str]) -> Says {
    let claims = json!({ "sub": subject, "preferred_username": name, "roles": roles });
    Says { claims, kid: "one", forged: false, alg: "ES256" }
}

struct State {
    address: String,
    says: Says,
    /// The keys by name; all of them are published.
    keys: BTreeMap<&'static str, EcdsaKeyPair>,
    forger: EcdsaKeyPair,
    /// What was asked, by code.
    asked: BTreeMap<String, BTreeMap<String, String>>,
}

/// An issuer; it ends with the test process.
#[derive(Clone)]
pub(crate) struct Issuer(Arc<Mutex<State>>);

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap()
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

impl Issuer {
    /// Begins to listen. Its address has another name than the desk's, so that a browser takes the
    /// two for different sites.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let state = State {
            address,
            says: person("1", "klara", &["Fordeler"]),
            keys: BTreeMap::from([("one", key())]),
            forger: key(),
            asked: BTreeMap::new(),
        };
        let this = Self(Arc::new(Mutex::new(state)));
        let serving = this.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.answer(stream));
            }
        });
        this
    }

    pub(crate) fn address(&self) -> String {
        self.0.lock().unwrap().address.clone()
    }

    /// What the next tokens say.
    pub(crate) fn says(&self, says: Says) {
        self.0.lock().unwrap().says = says;
    }

    /// Publishes another key.
    pub(crate) fn new_key(&self, kid: &'static str) {
        self.0.lock().unwrap().keys.insert(kid, key());
    }

    /// A person agrees: where their browser goes then.
    pub(crate) fn agree(&self, asked: &str) -> String {
        let asked = Url::parse(asked).unwrap();
        let asked = pairs(asked.query().unwrap());
        assert_eq!(
            (asked["response_type"].as_str(), asked["client_id"].as_str()),
            ("code", CLIENT)
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let mut state = self.0.lock().unwrap();
        let code = format!("code-{}", state.asked.len());
        let back = format!("{}?code={code}&state={}", asked["redirect_uri"], asked["state"]);
        state.asked.insert(code, asked);
        back
    }

    fn answer(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let said = match path.split('?').next().unwrap() {
            "/.well-known/openid-configuration" => Ok(self.describe()),
            "/keys" => Ok(self.keys()),
            "/token" => {
                self.token(&pairs(&String::from_utf8(body).unwrap()), &header("authorization"))
            }
            "/authorize" => {
                let to = self.agree(&format!("{}{path}", self.address()));
                let answer =
                    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
                return;
            }
            _ => Err("not_found"),
        };
        let (status, said) = match said {
            Ok(said) => ("200 OK", said),
            Err(error) => ("400 Bad Request", json!({ "error": error })),
        };
        let said = said.to_string();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{said}",
            said.len()
        );
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }

    fn describe(&self) -> Value {
        let at = self.address();
        json!({ "issuer": at, "authorization_endpoint": format!("{at}/authorize"),
            "token_endpoint": format!("{at}/token"), "jwks_uri": format!("{at}/keys") })
    }

    fn keys(&self) -> Value {
        let state = self.0.lock().unwrap();
        let keys = state.keys.iter().map(|(kid, key)| {
            let point = key.public_key().as_ref();
            json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid,
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                "y": URL_SAFE_NO_PAD.encode(&point[33..]) })
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn token(&self, form: &BTreeMap<String, String>, basic: &str) -> Result<Value, &'static str> {
        let given = STANDARD.decode(basic.strip_prefix("Basic ").unwrap_or_default());
        let given = String::from_utf8(given.unwrap_or_default()).unwrap();
        let given = given.split_once(':').unwrap_or_default();
        let quoted = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>();
        if given != (CLIENT, quoted.as_str()) {
            return Err("invalid_client");
        }
        let mut state = self.0.lock().unwrap();
        // A code counts once.
        let asked = state.asked.remove(&form["code"]).ok_or("invalid_grant")?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
        if asked["code_challenge"] != challenge || asked["redirect_uri"] != form["redirect_uri"] {
            return Err("invalid_grant");
        }
        let token = state.sign(&asked["nonce"]);
        Ok(json!({ "access_token": "x", "token_type": "Bearer", "id_token": token }))
    }
}

impl State {
    fn sign(&self, nonce: &str) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = now.as_secs();
        let mut claims = json!({ "iss": self.address, "aud": CLIENT, "nonce": nonce, "iat": now,
            "exp": now + 300 });
        for (name, value) in self.says.claims.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        let header = json!({ "alg": self.says.alg, "kid": self.says.kid, "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let key = if self.says.forged { &self.forger } else { &self.keys[self.says.kid] };
        let signed = match self.says.alg {
            "none" => Vec::new(),
            _ => key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
    }
}
