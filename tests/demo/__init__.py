"""The demo: invented people in 云桥社区, the running application, and a tour of one session."""
