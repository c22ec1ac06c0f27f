//! The program's other commands, on files that a server has open or not.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Program, draft};
use serde_json::{Value, json};

fn vitrina(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.arg("--data").arg(data).args(arguments);
    command.output().expect("it runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn export_backup_and_check_work_while_the_server_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let program = Program::start(&data);
    for code in ["a", "b"] {
        program.http().add(code).await;
    }
    let copy = folder.path().join("copy.db");
    let copied = vitrina(&data, &["backup", copy.to_str().expect("UTF-8")]);
    assert!(copied.status.success(), "{}", err(&copied));
    assert!(out(&copied).contains("2 products at revision 2"));
    let again = vitrina(&data, &["backup", copy.to_str().expect("UTF-8")]);
    assert_eq!(again.status.code(), Some(1), "a copy is never overwritten");

    program.http().add("c").await;
    let exported = vitrina(&data, &["export", "--format", "ndjson"]);
    assert_eq!(out(&exported).lines().count(), 3, "{}", err(&exported));
    let file = folder.path().join("list.json");
    let exported = vitrina(&data, &["export", file.to_str().expect("UTF-8")]);
    assert!(exported.status.success());
    let list = std::fs::read(&file).expect("a file");
    let list: Vec<Value> = serde_json::from_slice(&list).expect("an array");
    assert_eq!(list.len(), 3);

    let checked = vitrina(&data, &["check"]);
    assert!(
        out(&checked).contains("is well: 3 products at revision 3"),
        "{}",
        err(&checked)
    );
    let busy = vitrina(&data, &["import", file.to_str().expect("UTF-8")]);
    assert_eq!(busy.status.code(), Some(1));
    let said = err(&busy);
    assert!(
        said.contains("in use by a server") && said.contains("import?format=json"),
        "{said}"
    );

    // The same for programs.
    let file = file.to_str().expect("UTF-8");
    let other = folder.path().join("other.db");
    let other = other.to_str().expect("UTF-8");
    for (arguments, written) in [
        (["export", file, "--json"], file),
        (["backup", other, "--json"], other),
    ] {
        let told: Value = serde_json::from_str(&out(&vitrina(&data, &arguments))).expect("JSON");
        let expected = json!({"file": written, "products": 3, "revision": 3});
        assert_eq!(told, expected);
    }
    let checked = vitrina(&data, &["check", "--json"]);
    let told: Value = serde_json::from_str(&out(&checked)).expect("JSON");
    assert_eq!(
        (&told["products"], &told["faults"]),
        (&json!(3), &json!([]))
    );

    // The copy is a data file like any other.
    let program = Program::start(&copy);
    assert_eq!(program.http().list().await["count"], 2);
}

#[tokio::test]
async fn import_tells_every_refused_row_and_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let file = folder.path().join("list.csv");
    std::fs::write(
        &file,
        "title,code,price,stock,category\nA,a,1,1,c\nB,b,cheap,1,c\n",
    )
    .expect("a file");
    let file = file.to_str().expect("UTF-8");
    let dry = vitrina(&data, &["import", file, "--dry-run"]);
    assert!(out(&dry).contains("1 would be added"), "{}", out(&dry));
    let imported = vitrina(&data, &["import", file]);
    assert_eq!(imported.status.code(), Some(1));
    assert!(
        err(&imported).contains("line 3: price: Write a number"),
        "{}",
        err(&imported)
    );
    assert!(
        out(&imported).contains("2 rows: 1 were added"),
        "{}",
        out(&imported)
    );
    let again = vitrina(&data, &["import", file, "--on-duplicate", "skip", "--json"]);
    let last = out(&again)
        .lines()
        .last()
        .map(str::to_owned)
        .expect("lines");
    let last: Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!(
        (&last["skipped"], &last["revision"]),
        (&json!(1), &json!(1))
    );
    let program = Program::start(&data);
    assert_eq!(program.http().list().await["products"][0]["code"], "a");
}

#[tokio::test]
async fn check_finds_what_no_vitrina_would_have_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::start(&data);
    for code in ["a", "b", "c"] {
        program.http().post(&draft(code)).await;
    }
    program.kill();
    let database = rusqlite::Connection::open(&data).expect("a file");
    database
        .execute_batch(
            "UPDATE products SET code = 'A' WHERE id = 2; UPDATE products SET title = '' WHERE id = 3;
             UPDATE products SET revision = 9 WHERE id = 1; DELETE FROM changes WHERE revision = 2;",
        )
        .expect("changed by hand");
    drop(database);
    let checked = vitrina(&data, &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    let said = out(&checked);
    for finding in [
        "product 1: another has its code",
        "product 3: Invalid",
        "product 1: it can't be at revision 9",
        "change 2 is missing",
    ] {
        assert!(said.contains(finding), "{finding}: {said}");
    }
    let checked = vitrina(&data, &["check", "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    let told: Value = serde_json::from_str(&out(&checked)).expect("JSON");
    assert_eq!(told["faults"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn the_demo_serves_forty_products_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.args(["demo", "--listen", "127.0.0.1:0"]);
    command
        .current_dir(folder.path())
        .env("TMPDIR", folder.path());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Program::run(command);
    let list = program.http().list().await;
    assert_eq!(list["count"], 40);
    program.http().add("mine").await;
    program.signal("TERM");
    assert!(program.wait_for_exit().success());
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 0);
}

#[test]
fn reading_commands_make_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("none.db");
    for command in [vec!["check"], vec!["export"], vec!["backup", "copy.db"]] {
        let output = vitrina(&data, &command);
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains("none.db"), "{}", err(&output));
        assert!(!data.exists());
    }
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("none.db");
    let bash = out(&vitrina(&data, &["completions", "bash"]));
    let page = out(&vitrina(&data, &["man"]));
    for word in ["serve", "demo", "import", "export", "backup", "check"] {
        assert!(bash.contains(word), "{word}");
        assert!(page.contains(word), "{word}");
    }
    let page = out(&vitrina(&data, &["man", "import"]));
    for word in ["vitrina\\-import", "on\\-duplicate", "listen"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let none = vitrina(&data, &["man", "sell"]);
    assert!(err(&none).contains("no command sell"), "{}", err(&none));
    // The shell itself takes it.
    let script = folder.path().join("vitrina.bash");
    std::fs::write(&script, &bash).expect("a file");
    let look = "source \"$0\"; COMP_WORDS=(vitrina ba); COMP_CWORD=1; _vitrina vitrina ba vitrina; \
                echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", look])
        .arg(&script)
        .output();
    assert_eq!(out(&output.expect("bash")).trim(), "backup");
}
