//! Mails: charsets, encoded words, file names, HTML, parts and threads.
#![allow(clippy::unwrap_used)]

mod common;

use common::{PLAIN, base64_lines, kinds, latin1, mail, multipart, of_parts, read};
use postbud_letter::{Channel, DefectKind, DocumentRole};

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Pæn tekst om b&oslash;rn</p>";

#[test]
fn who_when_and_what() {
    let letter = read(mail(
        "Subject: Hul i vejen\r\nDate: Thu, 5 Nov 2026 11:12:00 +0100\r\nMessage-ID: <a.b@c.example>\r\n",
        "Der er et hul.\r\n\r\nHilsen\r\nIda\r\n",
    ));
    assert_eq!(letter.channel, Channel::Email);
    assert_eq!(letter.subject, "Hul i vejen");
    assert_eq!(letter.sender.label.as_deref(), Some("Ida Holm"));
    assert_eq!(letter.sender.address.as_deref(), Some("ida@borger.example"));
    assert_eq!(letter.recipient.address.as_deref(), Some("kommunen@klitkobing.example"));
    assert_eq!(letter.sent_at, Some(1_793_873_520_000));
    assert_eq!(letter.message_id.as_deref(), Some("a.b@c.example"));
    assert_eq!(letter.text.new, "Der er et hul.\n\nHilsen\nIda");
    assert_eq!(kinds(&letter), []);
    assert!(letter.id.as_str().starts_with("sha-"));
}

#[test]
fn headers_in_every_encoding_that_occurs() {
    for subject in [
        b"=?utf-8?Q?Ans=C3=B8gning_om_sm=C3=A5b=C3=B8rnsplads?=".to_vec(),
        b"=?UTF-8?B?QW5zw7hnbmluZyBvbSBzbcOlYsO4cm5zcGxhZHM=?=".to_vec(),
        b"=?iso-8859-1?Q?Ans=F8gning?= om\r\n =?windows-1252?Q?_sm=E5b=F8rnsplads?=".to_vec(),
        // A character of two bytes, one in each word.
        b"=?utf-8?Q?Ans=C3?=\r\n =?utf-8?Q?=B8gning_om_sm=C3=A5b=C3?= =?utf-8?Q?=B8rnsplads?="
            .to_vec(),
        b"=?utf-8?B?QW5zwrhn?="
            .to_vec()
            .into_iter()
            .take(0)
            .chain(latin1("Ansøgning om småbørnsplads"))
            .collect(),
        "Ansøgning om småbørnsplads".as_bytes().to_vec(),
        latin1("Ansøgning om\r\n småbørnsplads"),
    ] {
        let mut raw = b"Subject: ".to_vec();
        raw.extend(&subject);
        raw.extend(b"\r\nFrom: a@b.example\r\n\r\nHej\r\n");
        let subject_read = read(&raw).subject.replace("om  ", "om ");
        assert_eq!(
            subject_read,
            "Ansøgning om småbørnsplads",
            "{}",
            String::from_utf8_lossy(&subject)
        );
    }
}

#[test]
fn names_in_every_encoding_that_occurs() {
    for (from, name) in [
        (b"=?utf-8?Q?J=C3=B8rgen_=C3=85b?= <j@b.example>".to_vec(), "Jørgen Åb"),
        (b"\"=?utf-8?Q?J=C3=B8rgen_=C3=85b?=\" <j@b.example>".to_vec(), "Jørgen Åb"),
        (latin1("Jørgen Åb <j@b.example>"), "Jørgen Åb"),
        (latin1("\"Åb, Jørgen\" <j@b.example>"), "Åb, Jørgen"),
        (b"=?utf-8?Q?=C3=85b=2C_J=C3?= =?utf-8?Q?=B8rgen?= <j@b.example>".to_vec(), "Åb, Jørgen"),
        (b"j@b.example (Jens Ab)".to_vec(), "Jens Ab"),
    ] {
        let mut raw = b"Subject: x\r\nFrom: ".to_vec();
        raw.extend(&from);
        raw.extend(b"\r\n\r\nHej\r\n");
        let letter = read(&raw);
        assert_eq!(
            letter.sender.label.as_deref(),
            Some(name),
            "{}",
            String::from_utf8_lossy(&from)
        );
        assert_eq!(letter.sender.address.as_deref(), Some("j@b.example"));
    }
    let letter = read(
        "From: j@b.example\r\nTo: undisclosed-recipients:;\r\nDelivered-To: k@b.example\r\n\r\nx",
    );
    assert_eq!(letter.sender.label, None);
    assert_eq!(letter.recipient.address.as_deref(), Some("k@b.example"));
    let letter = read("From: \"j@b.example\" <j@b.example>\r\n\r\nx");
    assert_eq!(letter.sender.label, None);
}

#[test]
fn bodies_whose_charset_is_missing_unknown_or_wrong() {
    let text = "Kære kommune, vi søger om en plads på børnehaven ved åen. Hilsen Bjørn";
    for kind in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: text/plain; charset=x-nonsense\r\n",
        "Content-Type: text/plain; charset=us-ascii\r\n",
        "Content-Type: text/plain; charset=iso-8859-1\r\n",
        "Content-Type: text/plain; charset=\"utf-8\"\r\n",
    ] {
        for body in [latin1(text), text.as_bytes().to_vec()] {
            let mut raw = format!(
                "Subject: x\r\nFrom: a@b.example\r\n{kind}Content-Transfer-Encoding: 8bit\r\n\r\n"
            )
            .into_bytes();
            raw.extend(&body);
            let letter = read(&raw);
            assert_eq!(letter.text.new, text, "{kind}");
            let wrong = kind.contains("utf-8") && body.len() < text.len();
            assert_eq!(kinds(&letter).contains(&DefectKind::BrokenCharset), wrong, "{kind}");
        }
    }
}

#[test]
fn transfer_encodings() {
    let letter = read(mail(
        "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        "Sm=C3=B8rrebr=C3=B8d og en meget lang linje der er delt af afsende=\r\nrens program =3D pynt=\r\n",
    ));
    assert_eq!(
        letter.text.new,
        "Smørrebrød og en meget lang linje der er delt af afsenderens program = pynt"
    );
    let letter = read(mail(
        "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
        &format!("{}\r\n", base64_lines("Smørrebrød ".repeat(20).as_bytes())),
    ));
    assert_eq!(letter.text.new, "Smørrebrød ".repeat(20).trim_end());
    let raw = mail("Content-Transfer-Encoding: base64\r\n", "S8OmcmUga29tbXVu!ZQ==\r\n");
    let letter = read(&raw);
    assert_eq!(letter.text.new, "Kære kommune");
    assert_eq!(letter.defects[0].kind, DefectKind::BrokenBase64);
    assert_eq!(letter.defects[0].position, raw.find('!').map(|at| at as u64));
}

#[test]
fn attachments_keep_their_names_and_never_become_paths() {
    let pdf = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n\
               \x20filename*0*=iso-8859-1''bl%E5b;\r\n filename*1*=%E6r.pdf\r\n\r\nUERG";
    let path =
        "Content-Type: application/octet-stream; name=\"..\\\\..\\\\x/../etc/passwd\"\r\n\r\nx";
    let letter = of_parts("mixed", &[PLAIN, pdf, path]);
    assert_eq!(letter.text.new, "Almindelig tekst om børn");
    assert_eq!(letter.documents[0].filename, "blåbær.pdf");
    assert_eq!(letter.documents[0].media_type, "application/pdf");
    assert_eq!(letter.documents[0].bytes, b"PDF");
    assert_eq!(letter.documents[0].role, DocumentRole::Attachment);
    assert_eq!(letter.documents[1].filename, "..\\..\\x/../etc/passwd");
    assert_eq!(kinds(&letter), []);
}

#[test]
fn attention_xml_is_data_and_never_text() {
    let attention =
        "Content-Type: text/xml; name=attention.xml\r\n\r\n<Attention><Navn>Bo</Navn></Attention>";
    let letter = of_parts("mixed", &[attention]);
    assert_eq!(letter.documents[0].role, DocumentRole::Technical);
    assert_eq!(letter.classifier_text().body, "");
    let attention = attention.replace("text/xml", "text/plain");
    assert_eq!(of_parts("mixed", &[&attention]).classifier_text().body, "");
}

#[test]
fn of_two_forms_of_one_text_the_plain_is_read_unless_it_is_an_excuse() {
    assert_eq!(of_parts("alternative", &[PLAIN, HTML]).text.new, "Almindelig tekst om børn");
    assert_eq!(of_parts("alternative", &[HTML, PLAIN]).text.new, "Almindelig tekst om børn");
    assert_eq!(of_parts("alternative", &[HTML]).text.new, "Pæn tekst om børn");
    let empty = "Content-Type: text/plain\r\n\r\n \r\n";
    assert_eq!(of_parts("alternative", &[empty, HTML]).text.new, "Pæn tekst om børn");
    let excuse = "Content-Type: text/plain\r\n\r\nDit program kan ikke vise HTML.";
    let long =
        format!("Content-Type: text/html\r\n\r\n<p>{}</p>", "Et langt brev om vejen. ".repeat(20));
    assert!(of_parts("alternative", &[excuse, &long]).text.new.starts_with("Et langt brev"));
}

#[test]
fn pictures_within_html_and_parts_within_parts() {
    let picture = "Content-Type: image/png; name=logo.png\r\nContent-ID: <x>\r\nContent-Transfer-Encoding: base64\r\n\r\nUE5H";
    let related = multipart("related", &[HTML, picture]).replace("grænse=1", "r");
    let alternative = multipart("alternative", &[PLAIN, &related]).replace("grænse=1", "a");
    let letter = of_parts("mixed", &[&alternative, PLAIN]);
    assert_eq!(letter.text.new, "Almindelig tekst om børn\n\nAlmindelig tekst om børn");
    assert_eq!(letter.documents.len(), 1);
    assert_eq!(letter.documents[0].filename, "logo.png");
    assert_eq!(kinds(&letter), []);
}

#[test]
fn a_mail_that_is_only_an_attachment_has_its_subject() {
    let letter = read(
        "From: scan@kommune.example\r\nSubject: Scan\r\nContent-Type: application/pdf; name=scan.pdf\r\n\r\n%PDF-1.4 x",
    );
    assert_eq!((letter.text.new.as_str(), letter.documents.len()), ("", 1));
    assert_eq!(kinds(&letter), []);
    let letter =
        read("From: scan@kommune.example\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 x");
    assert_eq!(kinds(&letter), [DefectKind::NoText]);
}

#[test]
fn html_mail_as_outlook_writes_it() {
    let html = "<html><head><style><!-- p.MsoNormal {margin:0cm;} --></style><title>x</title></head><body lang=DA>\
        <div class=WordSection1><p class=MsoNormal>Tak for svar.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\
        <p class=MsoNormal>Hilsen<br>Ida</p>\
        <div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>Fra:</b> Pladsanvisningen &lt;plads@klitkobing.example&gt; <br>\
        <b>Sendt:</b> 5. november 2026 10:12<br><b>Til:</b> Ida Holm<br><b>Emne:</b> Plads</p></div>\
        <p class=MsoNormal>Der er plads.</p></div></body></html>";
    let letter = read(mail("Subject: SV: Plads\r\nContent-Type: text/html\r\n", html));
    assert_eq!(letter.text.new, "Tak for svar.\n\nHilsen\nIda");
    assert_eq!(
        letter.text.quoted,
        "Fra: Pladsanvisningen <plads@klitkobing.example>\nSendt: 5. november 2026 10:12\nTil: Ida Holm\nEmne: Plads\nDer er plads."
    );
}

#[test]
fn html_mail_as_gmail_writes_it() {
    let html = "<div dir=\"ltr\">Ja tak, det passer fint med mandag klokken ti for os alle sammen her.</div><br>\
        <div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">Den tor. 5. nov. 2026 kl. 10.12 skrev Pladsanvisningen \
        &lt;<a href=\"mailto:p@k.example\">p@k.example</a>&gt;:<br></div><blockquote class=\"gmail_quote\"><div>Passer mandag?</div></blockquote></div>";
    let letter = read(mail("Subject: Re: Plads\r\nContent-Type: text/html\r\n", html));
    assert_eq!(
        letter.text.new,
        "Ja tak, det passer fint med mandag klokken ti for os alle sammen her."
    );
    assert!(letter.text.quoted.ends_with("Passer mandag?"));
    assert_eq!(letter.classifier_text().body, letter.text.new);
}

#[test]
fn a_forward_with_nothing_or_little_new_is_still_read_by_a_classifier() {
    let forward = "---------- Forwarded message ---------\r\nFra: Bo <bo@b.example>\r\nDate: tors. 5. nov. 2026\r\n\
        Subject: Hul i vejen\r\nTo: <ida@borger.example>\r\n\r\nDer er et stort hul på Skolegade.\r\n";
    let letter = read(mail("Subject: Fwd: Hul\r\n", forward));
    assert_eq!(letter.text.new, "");
    assert!(letter.classifier_text().body.contains("Skolegade"));
    let letter =
        read(mail("Subject: Fwd: Hul\r\n", &format!("Se nedenfor. Mvh Ida\r\n\r\n{forward}")));
    assert_eq!(letter.text.new, "Se nedenfor. Mvh Ida");
    assert!(letter.classifier_text().body.starts_with("Se nedenfor"));
    assert!(letter.classifier_text().body.contains("Skolegade"));
}

#[test]
fn a_message_within_the_message_is_quoted_with_its_attachments() {
    let pdf = "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nUERG";
    let inner = format!(
        "From: =?utf-8?Q?B=C3=B8rge?= <b@b.example>\r\nSubject: =?iso-8859-1?Q?Bl=E5?=\r\n{}",
        multipart("mixed", &["\r\nIndre tekst", pdf]).replace("grænse=1", "i")
    );
    let plain = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    let encoded = format!(
        "Content-Type: message/rfc822; name=x.eml\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        base64_lines(inner.as_bytes())
    );
    for nested in [plain, encoded] {
        let letter = of_parts("mixed", &[PLAIN, &nested]);
        assert_eq!(letter.text.new, "Almindelig tekst om børn");
        assert_eq!(letter.text.quoted, "Fra: Børge <b@b.example>\nEmne: Blå\n\nIndre tekst");
        assert_eq!(letter.documents[0].filename, "a.pdf");
        assert_eq!(kinds(&letter), []);
    }
    let digest = of_parts(
        "digest",
        &[
            "\r\nFrom: a@b.example\r\nSubject: en\r\n\r\nTekst en",
            "\r\nFrom: a@b.example\r\n\r\nTekst to",
        ],
    );
    assert!(digest.text.quoted.contains("Tekst en") && digest.text.quoted.contains("Tekst to"));
    let no_message =
        of_parts("mixed", &[PLAIN, "Content-Type: message/rfc822\r\n\r\nIngen besked her!"]);
    assert!(no_message.text.new.ends_with("Ingen besked her!"));
}

#[test]
fn flowed_text_is_put_together() {
    let letter = read(mail(
        "Subject: x\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n",
        "Vi bor på \r\nSkolegade.\r\n\r\nHilsen\r\nIda\r\n",
    ));
    assert_eq!(letter.text.new, "Vi bor på Skolegade.\n\nHilsen\nIda");
}
