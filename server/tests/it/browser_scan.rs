//! Finding a product by the barcode that a phone's camera sees.

use crate::support::{Browser, Look, Program, draft, film_of};

const CODE: &str = "4006381333931";

/// Keeps each stream of the camera, and lets a test wait before it is there.
const NOTE_STREAM: &str = "(() => { const cameras = navigator.mediaDevices, open = \
    cameras.getUserMedia.bind(cameras); window.streams = []; cameras.getUserMedia = async wanted => { \
    await window.before; const stream = await open(wanted); streams.push(stream); return stream } })()";

/// Nothing sees anything any more.
const IS_OFF: &str = "streams.length > 0 && streams.every(stream => stream.getTracks()\
    .every(track => track.readyState === 'ended')) && !document.querySelector('#scanner video').srcObject";

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn a_barcode_before_the_camera_opens_its_product() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    for code in ["a", CODE, "b"] {
        assert_eq!(program.http().post(&draft(code)).await.status(), 201);
    }
    let film = folder.path().join("film.y4m");
    film_of(CODE, &film);
    let browser = Browser::open_with_camera(Look::Phone, &film).await;
    browser.open_live(&program.host).await;
    let reach = "(() => { const box = document.getElementById('open-scanner').getBoundingClientRect(); \
        return box.width >= 44 && box.height >= 44 && box.right <= innerWidth })()";
    assert_eq!(browser.value(reach).await, true);
    browser.value(NOTE_STREAM).await;
    browser.click("#open-scanner").await;
    browser
        .until("document.getElementById('panel').dataset.mode === 'edit'")
        .await;
    let code = browser.value("document.querySelector('[name=code]').value");
    assert_eq!(code.await, CODE);
    assert_eq!(
        browser
            .value("document.getElementById('scanner').open")
            .await,
        false
    );
    assert_eq!(browser.value(IS_OFF).await, true);
    browser.screenshot("scan-found-phone").await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn a_code_that_no_product_has_is_added_and_the_camera_can_be_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    assert_eq!(program.http().post(&draft("a")).await.status(), 201);
    let film = folder.path().join("film.y4m");
    film_of(CODE, &film);
    let browser = Browser::open_with_camera(Look::PhoneDark, &film).await;
    browser.open_live(&program.host).await;
    browser.click("#open-scanner").await;
    browser
        .until(&format!(
            "document.getElementById('search-text').value === '{CODE}'"
        ))
        .await;
    browser
        .until("!document.querySelector('[data-products] > [data-product]:not([hidden])')")
        .await;
    browser.screenshot("scan-unknown-phone").await;
    // It can be added at once, and what else it is filled in.
    browser.click("[data-add-sought]").await;
    browser
        .until("document.activeElement.name === 'title'")
        .await;
    let code = browser.value("document.querySelector('[name=code]').value");
    assert_eq!(code.await, CODE);
    browser.screenshot("scan-add-phone").await;
    browser.type_into("[name=title]", "Scanned").await;
    browser.type_into("[name=category]", "tools").await;
    browser.type_into("[name=price]", "2").await;
    browser.type_into("[name=stock]", "3").await;
    browser.click("[data-form-submit]").await;
    browser.until_titles(&["Scanned"]).await;
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    // One that is closed finds nothing more, and lets go of the camera.
    browser
        .value("(BarcodeDetector.prototype.detect = async () => [], 1)")
        .await;
    browser.click("#open-scanner").await;
    browser
        .until("document.querySelector('#scanner video').readyState >= 2")
        .await;
    assert_eq!(browser.axe().await, Vec::<String>::new());
    browser.screenshot("scan-phone").await;
    browser.value(NOTE_STREAM).await;
    let sees = "document.querySelector('#scanner video').readyState >= 2";
    browser.click("#scanner button").await;
    browser.click("#open-scanner").await;
    browser.until("streams.length === 1").await;
    browser.until(sees).await;
    browser.click("#scanner button").await;
    browser.until(IS_OFF).await;
    // Closed and opened again before the camera is there: the earlier one is let go of, the later one sees.
    browser
        .value("(window.before = new Promise(done => window.go = done), 1)")
        .await;
    browser.click("#open-scanner").await;
    browser.click("#scanner button").await;
    browser.click("#open-scanner").await;
    browser.value("(go(), 1)").await;
    browser.until("streams.length === 3").await;
    browser.until(sees).await;
    let on = "streams.filter(stream => stream.active).length === 1 && document.getElementById('scanner').open";
    browser.until(on).await;
    // One that reads nothing says so.
    browser
        .value("(BarcodeDetector.prototype.detect = async () => { throw new Error('no') }, 1)")
        .await;
    browser
        .until_text(
            "[data-scanner-words]",
            "The camera can't be used, or the browser reads no codes by it: type the code instead.",
        )
        .await;
    assert_eq!(browser.value(IS_OFF).await, true);
    browser.screenshot("scan-failed-phone").await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn where_nothing_reads_codes_no_camera_is_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    let browser = Browser::open(Look::Phone).await;
    browser.open_live(&program.host).await;
    let is_there = "document.getElementById('open-scanner').offsetWidth > 0";
    assert_eq!(browser.value(is_there).await, false);
    browser.close().await;
}
