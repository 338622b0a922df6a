-- 月月谈的库和账号,由 postgres 运行一次 · database and account, run once by postgres:
--     sudo -u postgres psql -v ON_ERROR_STOP=1 -f /srv/yueyuetan/deploy/postgresql.sql
-- 同一台机器上,账号凭系统用户登录(peer),不用口令;别的机器上加口令:ALTER ROLE yueyuetan PASSWORD '…';
-- On the same machine the account signs in as the system's user (peer), without a password; from
-- another one give it a password.

CREATE ROLE yueyuetan LOGIN;
CREATE DATABASE yueyuetan OWNER yueyuetan ENCODING 'UTF8' TEMPLATE template0;
-- 删除选票时要看得见别人的快照 · to erase ballots it must see the snapshots of others
GRANT pg_read_all_stats TO yueyuetan;
-- 别人连不上 · nobody else may connect
REVOKE CONNECT ON DATABASE yueyuetan FROM PUBLIC;
