//! Finding letters, and that every search and every look is written down and can be gone through.

use crate::desk_place::Place;

/// How many letters a page of results has.
fn found(place: &Place, cookie: &str, query: &str) -> usize {
    let page = place.get(&format!("/find?{query}"), Some(cookie));
    assert_eq!(page.status, 200, "{query}");
    page.body.matches("<a href=\"/letters/").count()
}

#[test]
fn letters_are_found_by_day_state_and_mailbox_and_the_search_is_written_down() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul."), ("Rotter", "Der er rotter.")]);
    let clerk = place.person("klara", "clerk");
    let page = place.get(&format!("/letters/{}", place.waiting(&clerk)[0]), Some(&clerk.cookie));
    let received = page.body.split("Modtaget</dt><dd>").nth(1).unwrap();
    let today = received.get(..10).unwrap();
    let find = |query: &str| found(&place, &clerk.cookie, query);
    assert_eq!(find(""), 2);
    // A letter that came before midnight and one after it are found as well.
    assert!(find(&format!("from={today}")) >= 1);
    assert_eq!(find(&format!("from={today}&to=2100-01-01")), find(&format!("from={today}")));
    assert_eq!(find("from=2100-01-01"), 0);
    assert_eq!(find("to=2020-01-01"), 0);
    assert_eq!(find("state=delivered"), 0);
    assert_eq!(find("state=review&to=2100-01-01"), 2);
    assert_eq!(find("from=i+g%C3%A5r&state=nonsense"), 2, "what does not exist restricts nothing");

    let owner = place.person("otto", "owner");
    let seen = place.get("/evidence", Some(&owner.cookie)).body;
    let named = "klara · søgte · <span class=\"id\">until=2020-01-02 00:00:00</span>";
    assert!(seen.contains(named), "{seen}");

    let token = place.here.json(&["user", "token", "esdh"])["token"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let list = |query: &str| {
        let said = place.get_with(&format!("/api/v1/letters?{query}"), &bearer);
        (said.status, said.body.matches("\"letter\":").count())
    };
    assert_eq!(list("from=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00%2B01:00"), (200, 2));
    assert_eq!(list("from=2100-01-01T00:00:00Z"), (200, 0));
    assert_eq!(list("from=2100-01-01").0, 400);
    let seen = place.get("/evidence", Some(&owner.cookie)).body;
    assert_eq!(seen.matches("esdh · søgte").count(), 1, "only what was seen: {seen}");
}

#[test]
fn a_supervisor_goes_through_a_sample_of_the_looks_of_a_month() {
    let place = Place::open(&[("Hul i vejen", "Der er et hul."), ("Rotter", "Der er rotter.")]);
    let clerk = place.person("klara", "clerk");
    for letter in place.waiting(&clerk) {
        place.get(&format!("/letters/{letter}"), Some(&clerk.cookie));
    }
    let auditor = place.person("aud", "auditor");
    let page = |query: &str| {
        let page = place.get(&format!("/looks{query}"), Some(&auditor.cookie));
        assert_eq!(page.status, 200);
        page.body
    };
    let last = page("");
    assert!(last.contains("Ingen så et brev i den måned"), "the last month is over: {last}");
    let this = last.split("<option>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let this = page(&format!("?month={this}"));
    assert_eq!(this.matches("klara · åbnet for at afgøre").count(), 2, "{this}");
    assert!(this.contains("<th scope=\"row\">klara</th><td>2</td><td>2</td>"), "{this}");
    assert!(page("?month=1999-02").contains("<option selected>1999-02</option>"));
    assert_eq!(page("?month=nonsense"), last);
}
