//! Letters handed over by KLE subject: the document first, then the request, and what the transport
//! receipt means.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{MEMO, answers, item, mail, mailbox, options, told};
use postbud_decide::{KleFacet, KleSubject, Target};
use postbud_deliver::{DeliverOptions, Deliverer, Sf2900Options};
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::Target as _;
use postbud_testkit::{WebhookFault, WebhookServer};

fn options_for(url: &str, documents: &Path) -> DeliverOptions {
    let target = Target::Sf2900 {
        subject: KleSubject::parse("05.01.12").unwrap(),
        facet: KleFacet::parse("G01"),
    };
    DeliverOptions {
        mailboxes: vec![mailbox("vej", Some(target))],
        smtp: None,
        sf2900: Some(Sf2900Options {
            url: url.parse().unwrap(),
            documents: documents.to_owned(),
            cvr: "29189999".to_owned(),
            system: "6f0c9a4e-64f5-4b0e-9a55-2f3f3a2a5b11".to_owned(),
            certificates: CertificateFiles::default(),
            timeout_ms: 2_000,
            letter_bytes: 1 << 20,
        }),
        ..options(1)
    }
}

#[tokio::test]
async fn the_document_lies_there_and_a_transaction_is_kept_once() {
    let server = WebhookServer::start_sf2900().unwrap();
    let root = tempfile::tempdir().unwrap();
    let documents = root.path().join("ud/sf2900");
    let deliverer = Deliverer::new(options_for(&server.url(), &documents)).unwrap();
    for _ in 0..3 {
        deliverer.deliver(&item("o-1", MEMO.as_bytes())).await.unwrap();
    }
    deliverer.deliver(&item("o-2", &mail("Hej\r\n"))).await.unwrap();
    let posted = server.posted();
    assert_eq!(posted.len(), 4);
    assert!(posted[..3].iter().all(|one| one.body == posted[0].body), "the same on every attempt");
    assert_eq!(server.kept().len(), 2);
    let mut names: Vec<_> =
        fs::read_dir(&documents).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["o-1.xml", "o-2.eml"]);
    assert_eq!(fs::read(documents.join("o-1.xml")).unwrap(), MEMO.as_bytes());
    assert_eq!(fs::read(documents.join("o-2.eml")).unwrap(), mail("Hej\r\n"));
}

#[tokio::test]
async fn what_is_no_receipt_is_no_delivery() {
    let server = WebhookServer::start_sf2900().unwrap();
    let root = tempfile::tempdir().unwrap();
    let deliverer = Deliverer::new(options_for(&server.url(), root.path())).unwrap();
    let faults = [
        WebhookFault::Status(500),
        WebhookFault::Status(404),
        WebhookFault::Page,
        WebhookFault::Endless,
        WebhookFault::Refuse("F-12".to_owned()),
        WebhookFault::Refuse("Kære Mette".to_owned()),
        WebhookFault::Hang,
    ];
    insta::assert_snapshot!(answers(&server, &deliverer, &faults).await);
    // Kept, and the receipt was lost: the same transaction comes again, and is one.
    server.fail_once(WebhookFault::KeepAndClose);
    assert_eq!(told(deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await).0, "transient");
    deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await.unwrap();
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test]
async fn no_request_without_its_document() {
    let server = WebhookServer::start_sf2900().unwrap();
    let root = tempfile::tempdir().unwrap();
    let documents = root.path().join("documents");
    fs::write(&documents, b"in the way").unwrap();
    let deliverer = Deliverer::new(options_for(&server.url(), &documents)).unwrap();
    let (_, text) = told(deliverer.deliver(&item("o-1", &mail("Hej\r\n"))).await);
    assert!(text.contains("something else than a folder is in the way"), "{text}");
    assert!(server.posted().is_empty());
}

#[tokio::test]
async fn a_request_fits_kombits_schema() {
    let Some(schema) = shared("data/memo/sf2900/DistributionServiceTypesV2.xsd") else { return };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not installed");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    // The schema has types and no element of its own.
    let space = "http://serviceplatformen.dk/xml/wsdl/soap11/DistributionService/2/types";
    let wrapper = root.path().join("request.xsd");
    let text = format!(
        "<schema xmlns=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"{space}\" \
         targetNamespace=\"{space}\"><include schemaLocation=\"{}\"/>\
         <element name=\"anmodRequest\" type=\"t:anmodRequestType\"/></schema>",
        schema.display()
    );
    fs::write(&wrapper, text).unwrap();
    let server = WebhookServer::start_sf2900().unwrap();
    let documents = root.path().join("documents");
    let deliverer = Deliverer::new(options_for(&server.url(), &documents)).unwrap();
    let letters = [MEMO.as_bytes().to_vec(), mail("Hej\r\n"), b"\xff\x00 neither".to_vec()];
    for (at, raw) in letters.iter().enumerate() {
        deliverer.deliver(&item(&format!("o-{at}"), raw)).await.unwrap();
    }
    for posted in server.posted() {
        let body = String::from_utf8(posted.body).unwrap();
        let start = body.find("<anmodRequest").unwrap();
        let end = body.find("</soap:Body>").unwrap();
        assert!(valid(&wrapper, &root, &body[start..end]), "{}", &body[start..end]);
        let broken = body[start..end].replace("RoutingKLEEmne>05", "RoutingKLEEmne>x5");
        assert!(!valid(&wrapper, &root, &broken), "a schema that takes anything proves nothing");
    }
}

fn valid(schema: &Path, root: &tempfile::TempDir, request: &str) -> bool {
    let file = root.path().join("request.xml");
    fs::write(&file, request).unwrap();
    let mut lint = Command::new("xmllint");
    lint.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(&file);
    let output = lint.output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// Material that does not belong to the project, when it lies beside it.
fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if file.exists() {
        return Some(file.canonicalize().unwrap());
    }
    println!("skipped: ../shared/{path} is not there");
    None
}
