//! The program's other commands, on files that a server has open or not.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Program, data_file, draft};
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
    assert!(
        out(&dry).contains("2 rows, if it were done: 1 added"),
        "{}",
        out(&dry)
    );
    let imported = vitrina(&data, &["import", file]);
    assert_eq!(imported.status.code(), Some(1));
    assert!(
        err(&imported).contains("line 3: price: Write a number"),
        "{}",
        err(&imported)
    );
    assert!(
        out(&imported).contains("2 rows: 1 added"),
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
        "product 2: another has its code",
        "product 3: Invalid",
        "product 1: it can't be at revision 9",
        "product 1: its row was changed from outside",
        "product 2: its row was changed from outside",
        "product 3: its row was changed from outside",
        "change 2 is missing",
    ] {
        assert!(said.contains(finding), "{finding}: {said}");
    }
    let checked = vitrina(&data, &["check", "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    let told: Value = serde_json::from_str(&out(&checked)).expect("JSON");
    assert_eq!(told["faults"].as_array().map(Vec::len), Some(7));
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
    for word in ["vitrina\\-import", "on\\-duplicate", "journal"] {
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

/// Names that lead to the data file or to what belongs to it.
#[tokio::test]
async fn an_export_never_writes_over_the_data_it_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::start(&data);
    program.http().add("a").await;
    let (symlink, hard_link) = (folder.path().join("x.csv"), folder.path().join("y.csv"));
    std::os::unix::fs::symlink(&data, &symlink).expect("a link");
    std::fs::hard_link(&data, &hard_link).expect("a link");
    let mut names = vec![
        data.clone(),
        symlink,
        hard_link,
        folder.path().join("./a.db"),
    ];
    for suffix in ["-wal", "-shm", "-lock", "-journal"] {
        names.push(folder.path().join(format!("a.db{suffix}")));
    }
    for name in names {
        let exported = vitrina(&data, &["export", name.to_str().expect("a text")]);
        assert_eq!(exported.status.code(), Some(1), "{name:?}");
        let said = err(&exported);
        assert!(said.contains("choose another name"), "{name:?}: {said}");
    }
    program.http().add("b").await;
    let checked = vitrina(&data, &["check"]);
    assert!(checked.status.success(), "{}", out(&checked));

    // Nor by way of a link to the data, whose folder is another; nor does a second server start so.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let link = elsewhere.path().join("b.db");
    std::os::unix::fs::symlink(&data, &link).expect("a link");
    for suffix in ["", "-wal", "-lock"] {
        let name = folder.path().join(format!("a.db{suffix}"));
        let exported = vitrina(&link, &["export", name.to_str().expect("a text")]);
        assert_eq!(exported.status.code(), Some(1), "{name:?}");
    }
    let second = vitrina(&link, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    program.kill();
    // Nor while they are not there.
    for name in ["a.db-journal", "a.db-shm"] {
        let name = folder.path().join(name);
        let exported = vitrina(&data, &["export", name.to_str().expect("a text")]);
        assert_eq!(exported.status.code(), Some(1), "{name:?}");
    }
}

#[tokio::test]
async fn an_export_that_fails_leaves_the_older_file_and_nothing_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::start(&data);
    for number in 0..40 {
        let mut product = draft(&number.to_string());
        product["description"] = json!("x".repeat(2_000));
        assert_eq!(program.http().post(&product).await.status(), 201);
    }
    program.kill();
    let exports = tempfile::tempdir().expect("a folder");
    let file = exports.path().join("products.csv");
    std::fs::write(&file, "the older one").expect("a file");
    // A file size limit, in blocks of 512 bytes, does what a full disk does.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$0\" --data \"$1\" export \"$2\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_vitrina")]);
    let failed = shell.arg(&data).arg(&file).output().expect("it runs");
    assert_eq!(failed.status.code(), Some(1));
    assert!(err(&failed).contains("products.csv"), "{}", err(&failed));
    let left = std::fs::read_dir(exports.path()).expect("a folder").count();
    assert_eq!(left, 1);
    let kept = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(kept, "the older one");
    let exported = vitrina(&data, &["export", file.to_str().expect("a text")]);
    assert!(exported.status.success(), "{}", err(&exported));
    let written = std::fs::read_to_string(&file).expect("a file");
    assert!(written.starts_with("title,") && written.lines().count() == 41);
}

#[tokio::test]
async fn a_dash_is_standard_input_and_output_and_names_decide_in_any_case() {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut import = Command::new(env!("CARGO_BIN_EXE_vitrina"))
        .arg("--data")
        .arg(&data)
        .args(["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut stdin = import.stdin.take().expect("a pipe");
    stdin
        .write_all(b"title,code,price,stock,category\nA,a,1,1,c\n")
        .expect("a pipe");
    drop(stdin);
    assert!(import.wait().expect("it ends").success());
    let csv = out(&vitrina(&data, &["export", "-"]));
    assert!(
        csv.starts_with("title,") && csv.lines().count() == 2,
        "{csv}"
    );
    for (name, start) in [
        ("A.JSONL", '{'),
        ("b.NdJson", '{'),
        ("c.JSON", '['),
        ("d.CSV", 't'),
    ] {
        let file = folder.path().join(name);
        let exported = vitrina(&data, &["export", file.to_str().expect("a text")]);
        assert!(exported.status.success(), "{}", err(&exported));
        let text = std::fs::read_to_string(&file).expect("a file");
        assert!(text.starts_with(start), "{name}: {text}");
        let path = file.to_str().expect("a text");
        let imported = vitrina(&data, &["import", path, "--on-duplicate", "skip"]);
        assert!(imported.status.success(), "{}", err(&imported));
    }
}

#[test]
fn it_listens_on_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start_on(&folder.path().join("a.db"), "localhost:0");
    assert!(program.host.starts_with("127.0.0.1:"), "{}", program.host);
}

#[test]
fn a_column_is_what_somebody_says_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let file = folder.path().join("odd.csv");
    std::fs::write(
        &file,
        "title,code,Worth,stock,category,Colour\nMug,M,1,2,k,b\n",
    )
    .expect("a file");
    let import = |columns: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
        command.arg("import").arg(&file).arg("--data").arg(&data);
        for column in columns {
            command.args(["--column", column]);
        }
        let output = command.output().expect("it runs");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (is_done, said) = import(&[]);
    assert!(!is_done && said.contains("Worth"), "{said}");
    let (is_done, said) = import(&["Worth=colour"]);
    assert!(!is_done && said.contains("no field colour"), "{said}");
    let (is_done, said) = import(&["Worth=price", "Colour="]);
    assert!(
        is_done && said.contains("Worth = price, ") && said.contains("Colour is left out"),
        "{said}"
    );
}
