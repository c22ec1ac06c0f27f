//! People in Chromium: they sign in, see what they may do, and an admin says who may.

use crate::access::Shop;
use crate::support::{Browser, Look, draft};
use reqwest::Method;

/// Every look, in one of the languages.
const LOOKS: [(Look, &str); 4] = [
    (Look::Desktop, "en"),
    (Look::DesktopDark, "es"),
    (Look::Phone, "es"),
    (Look::PhoneDark, "en"),
];

async fn shop() -> Shop {
    let people = [("Ana", "admin"), ("Vera", "viewer"), ("Eva", "editor")];
    let shop = Shop::open_with(&["--editing", "people"], &people);
    let till = shop.token("till", "editor").await;
    for code in ["a", "b"] {
        let body = draft(code);
        let added = shop
            .with(&till, Method::POST, "/api/products", Some(&body))
            .await;
        assert_eq!(added.status(), 201);
    }
    shop
}

async fn sign_in(browser: &Browser, name: &str) {
    browser.type_into("#name", name).await;
    browser
        .type_into("#password", &format!("the horse of {name}"))
        .await;
    browser.click(".sheet .button").await;
}

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn people_sign_in_and_an_admin_says_who_may_do_what() {
    let shop = shop().await;
    let mut found = Vec::new();
    for (look, language) in LOOKS {
        let browser = Browser::open_in(language, look).await;
        let mut note = async |state: &str| {
            let name = format!("people-{state}-{look:?}").to_lowercase();
            browser.screenshot(&name).await;
            let faults = browser.axe().await;
            found.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        };
        browser.goto(&shop.program.host, "/people").await;
        browser.until("location.pathname === '/signin'").await;
        note("signin").await;
        browser.type_into("#name", "Ana").await;
        browser.type_into("#password", "wrong").await;
        browser.click(".sheet .button").await;
        browser.until("document.getElementById('error')").await;
        // What is right stays, and the next key goes where it is needed.
        browser
            .until("document.getElementById('name').value === 'Ana'")
            .await;
        browser
            .until("document.activeElement.id === 'password'")
            .await;
        note("wrong").await;
        browser.type_into("#password", "the horse of Ana").await;
        browser.click(".sheet .button").await;
        browser.until("location.pathname === '/people'").await;
        note("people").await;
        let guest = format!("Guest {look:?}");
        browser.type_into("#name", &guest).await;
        browser.type_into("#password", "a good horse").await;
        browser.click(".sheet .button").await;
        browser.until("location.search === '?done=added'").await;
        browser
            .until(&format!("document.body.textContent.includes('{guest}')"))
            .await;
        browser.click("li:last-child summary").await;
        note("added").await;
        browser.click("li:last-child .danger").await;
        browser.until("location.search === '?done=removed'").await;
        browser.goto(&shop.program.host, "/account").await;
        note("account").await;
        // The other language is a link away, and stays.
        let other = if language == "en" { "es" } else { "en" };
        browser.click(&format!("[hreflang={other}]")).await;
        browser
            .until(&format!("document.documentElement.lang === '{other}'"))
            .await;
        browser
            .until("location.pathname === '/account' && location.search === ''")
            .await;
        browser.click("[action=signout] button").await;
        browser.until("location.pathname === '/'").await;
        browser.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn who_may_only_look_sees_nothing_that_would_change_something() {
    let shop = shop().await;
    for (look, language) in LOOKS {
        let browser = Browser::open_in(language, look).await;
        browser.open_live(&shop.program.host).await;
        browser.until_titles(&["Product b", "Product a"]).await;
        let shown = "[...document.querySelectorAll('#open-add, .step, [data-select], [data-delete], \
            #panel input:not([readonly]):not([disabled])')].filter(e => e.checkVisibility()).length";
        assert_eq!(browser.value(shown).await, 0);
        browser.click("[data-product='1'] [data-cell=title]").await;
        browser
            .until("!document.getElementById('panel').hidden")
            .await;
        assert_eq!(browser.value(shown).await, 0);
        browser
            .screenshot(&format!("viewer-{look:?}").to_lowercase())
            .await;
        assert_eq!(browser.axe().await, [""; 0]);
        let buttons = "[...document.querySelectorAll('#panel .form-actions button')]\
            .filter(e => e.checkVisibility()).length";
        assert_eq!(browser.value(buttons).await, 0);
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn a_page_whose_role_is_taken_away_says_so_and_keeps_what_was_typed() {
    let shop = shop().await;
    let browser = Browser::open(Look::Desktop).await;
    browser
        .goto(
            &shop.program.host,
            "/signin?next=realtimeproducts%3Fq%3Dproduct",
        )
        .await;
    sign_in(&browser, "Eva").await;
    browser.until_live().await;
    browser.until("location.search === '?q=product'").await;
    browser.fill("Mine", "mine").await;
    browser.click("[data-form-submit]").await;
    // What is typed while it is saved would be typed into nothing.
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    browser.fill("Half", "half").await;
    browser
        .until("JSON.stringify({...localStorage}).includes('Half')")
        .await;
    shop.run(&["people", "role", "Eva", "viewer"], "");
    browser
        .until("document.querySelector('[data-read-only]')")
        .await;
    browser.until_live().await;
    shop.run(&["people", "role", "Eva", "editor"], "");
    browser
        .until("!document.querySelector('[data-read-only]')")
        .await;
    browser
        .until("document.querySelector('[data-draft-continue]')?.textContent.includes('Half')")
        .await;
    // Who gave it stands in the history.
    browser.click("[popovertarget=menu]").await;
    browser.click("#open-history").await;
    browser.until_text(".past", "Eva").await;
    browser.screenshot("history-people").await;
    browser.close().await;
}
