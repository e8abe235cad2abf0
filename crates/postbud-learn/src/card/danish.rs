//! The card in Danish.

use postbud_evaluate::Missing;

use super::numbers::DANISH;
use super::{confused, figures, held_out, mailboxes, weakest};
use crate::evaluation::Evaluation;

pub(super) fn card(name: &str, evaluation: &Evaluation, about: &str) -> String {
    let number = |count: usize| DANISH.count(count);
    let names = [
        "Første gæt er rigtigt (95 %-interval)",
        "Rigtigt blandt de tre første (95 %-interval)",
        "Makro-F1 (alle postkasser tæller lige meget)",
        "Log-tab",
        "Kalibreringsfejl (15 intervaller)",
    ];
    format!(
        "# Modelkort: {name}

*(English below.)*

## Hvad modellen er til

Modellen læser et brev til kommunens hovedpostkasse og giver hver funktionspostkasse en sandsynlighed for, at brevet hører til dér. Postbud sender kun et brev videre uden et menneske, når sandsynligheden når den tærskel, der er godkendt for postkassen, og nogen har slået postkassen til. Resten afgør mennesker. Modellen fordeler post. Den må ikke bruges til at afgøre sager eller til at vurdere mennesker.

## Hvad den er trænet på

{about}{trained} breve med en postkasse, som et menneske har sat på. {findings}Antallet for hver postkasse står i tabellen nedenfor.

{letters}

## Hvor god den er

{measured}

| Mål | Værdi |
|---|---|
{figures}
## Hvad der kan fordeles automatisk

{promise}

## Postkasserne

Præcision: af de breve, modellen lægger her, hvor mange hører til her. Genkaldelse: af de breve, der hører til her, hvor mange lægger modellen her. I parentes 95 %-intervaller (Clopper–Pearson), hvert for sig. Tærskel: den sandsynlighed, brevet mindst skal have for at blive fordelt automatisk; «–» betyder, at et menneske afgør alle.

| Postkasse | Trænet på | Målt på | Præcision | Genkaldelse | Tærskel |
|---|--:|--:|--:|--:|--:|
{mailboxes}
## Kendte svagheder

- Oftest forvekslet (hører til → modellens gæt, antal ved krydsvalidering): {confused}.
- Sværest at genkende (genkaldelse ved krydsvalidering): {weakest}.
- Breve, der hører til flere steder, får kun ét gæt.
- Korte breve, andre sprog end dansk og breve om noget, som ingen skrev om før, er modellen mindre god til, og dens sandsynligheder er mindre værd der.
- Løftet gælder post som den, modellen er trænet på. Ændrer posten, postkasserne eller arbejdsdelingen sig, skal der trænes og godkendes igen.
- Forkerte mærker i træningsbrevene bliver til modellens fejl.{suspected}

## Oprindelse

| | |
|---|---|
| SHA-256 af modelfilen | `{checksum}` |
| SHA-256 af træningsbrevene | `{data_hash}` |
| Trænet af | {trained_by} |
| Startværdi (seed) | {seed} |
| Dele ved krydsvalidering | {folds} |
",
        about = paragraph(about),
        trained = number(evaluation.training_letters),
        findings = findings(evaluation),
        letters = super::letters::danish(evaluation),
        measured = measured(evaluation),
        figures = figures(evaluation, names, &DANISH),
        promise = promise(evaluation),
        mailboxes = mailboxes(evaluation, &DANISH),
        confused = confused(evaluation, "ingen"),
        weakest = weakest(evaluation, &DANISH),
        suspected = super::letters::suspected_danish(evaluation),
        checksum = evaluation.checksum,
        data_hash = evaluation.data_hash,
        trained_by = evaluation.trained_by,
        seed = evaluation.seed,
        folds = evaluation.folds,
    )
}

fn paragraph(about: &str) -> String {
    if about.is_empty() { String::new() } else { format!("{about}\n\n") }
}

fn findings(evaluation: &Evaluation) -> String {
    match evaluation.findings.len() {
        0 => String::new(),
        1 => "Én ting om brevene bør nogen se på; den står i `evaluation.json`. ".to_owned(),
        count => format!("{count} ting om brevene bør nogen se på; de står i `evaluation.json`. "),
    }
}

fn measured(evaluation: &Evaluation) -> String {
    let letters = DANISH.count(evaluation.report.letters);
    if held_out(evaluation) {
        format!(
            "Målt på {letters} breve, som blev holdt helt ude af træningen ({}).",
            super::letters::divided_danish(evaluation)
        )
    } else {
        format!(
            "Målt ved krydsvalidering: hvert af de {letters} breve er bedømt af en model, der ikke havde set det."
        )
    }
}

fn promise(evaluation: &Evaluation) -> String {
    let certificate = &evaluation.certificate;
    let sure = DANISH.round_percent(certificate.confidence);
    let mut text = format!(
        "Løftet: Højst {} af de breve, der fordeles automatisk, havner i en forkert postkasse. Tærsklerne er valgt på breve, som modellen ikke var trænet på, med en metode, der holder det løfte med mindst {sure} sandsynlighed (faste trin, eksakte binomialgrænser). ",
        DANISH.round_percent(certificate.target),
    );
    if let Some(bound) = certificate.bound {
        text += &format!(
            "Af {} breve fordeler tærsklerne {} ({}), heraf {} forkert; den øvre grænse for den sande fejl er {}. ",
            DANISH.count(certificate.letters),
            DANISH.count(certificate.routed),
            DANISH.percent(certificate.coverage),
            DANISH.count(certificate.errors),
            DANISH.percent(bound),
        );
        if certificate.groups.iter().any(|group| group.len() > 1) {
            text += "Postkasser, der er godkendt sammen, har samme tærskel, og løftet gælder dem tilsammen, ikke hver for sig. ";
        }
        if let (true, Some(certified)) = (held_out(evaluation), &evaluation.report.certified) {
            let applied = certified.applied;
            text += &format!(
                "Efterprøvet på de {} breve, der var holdt ude: {} fordelt ({}), heraf {} forkert ({}). ",
                DANISH.count(applied.letters),
                DANISH.count(applied.routed),
                DANISH.percent(applied.coverage),
                DANISH.count(applied.errors),
                DANISH.percent(applied.error),
            );
        }
    }
    text += &missing(certificate.missing, certificate.bound.is_some());
    text.trim_end().to_owned()
}

fn missing(missing: Missing, some: bool) -> String {
    let what = if some {
        "Nogle postkasser kan ikke godkendes endnu"
    } else {
        "Ingen postkasse kan godkendes endnu, så modellen fordeler intet alene"
    };
    match missing {
        Missing::Nothing => String::new(),
        Missing::Letters(more) => format!(
            "{what}: Der mangler omkring {} breve med kontrolleret postkasse.",
            DANISH.count(usize::try_from(more).unwrap_or(usize::MAX))
        ),
        Missing::BetterModel => format!(
            "{what}: Modellen tager fejl for ofte til, at flere kontrollerede breve alene ville hjælpe."
        ),
    }
}
