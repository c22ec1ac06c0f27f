//! What the server promises, tried on a real one: over TCP, with a real data file, by the program
//! itself and in a real browser. One program, so that it links once; each file is one promise.

mod access;
mod api;
mod backups;
mod browser;
mod browser_axe;
mod browser_bulk;
mod browser_edit;
mod browser_find;
mod browser_history;
mod browser_import;
mod browser_list;
mod browser_people;
mod browser_phone;
mod clients;
mod cluster;
mod cluster_away;
mod cluster_chaos;
mod cluster_files;
mod cluster_page;
mod cluster_start;
mod command;
mod compact;
mod conditional;
mod crash;
mod crowd;
mod data_file;
mod events;
#[cfg(target_os = "linux")]
mod faults;
mod files;
mod handover;
mod histories;
mod history;
mod http;
mod idle;
mod imports;
mod journals;
mod limits;
mod lists;
mod live;
mod log;
#[cfg(target_os = "linux")]
mod memory;
mod metrics;
mod names;
mod openapi;
mod pages;
mod proxies;
mod refused;
mod restore;
mod resume;
#[cfg(all(target_os = "linux", not(debug_assertions)))]
mod rude;
mod shell;
mod signin;
mod soak;
mod socketio;
mod socketio_http;
mod socketio_page;
mod start;
mod stop;
mod support;
mod tls;
mod upgrade;
mod writes;
