import { Migration } from '@mikro-orm/migrations';

/**
 * Nothing is posted into a month that is closed or being closed, nor into one before it. Only what counts at another moment than it was recorded
 * can be: the trigger is not even called for anything else. It holds the rows of the periods from that month on until its commit, so a period
 * either waits until the posting can be read or is seen to be closed.
 */
export class Migration0011ClosedPeriods extends Migration {
  override up(): void {
    this.addSql(`create function "posting_period"() returns trigger language plpgsql as $body$
      declare
        month text := to_char(to_timestamp(new."effective" / 1000.0) at time zone 'UTC', 'YYYY-MM');
        period record;
      begin
        for period in select "address", "state" from "actor" where "address" >= 'period/' || month and "address" < 'period0'
          and "address" <> new."actor" order by "address" for share
        loop
          if period."state" not like 'open.%' then
            raise exception 'Nothing more is posted into %: % is closed or being closed', month, period."address" using errcode = '23514';
          end if;
        end loop;
        return new;
      end $body$`);
    this.addSql(`create trigger "posting_period" before insert on "posting" for each row when (new."effective" is not null)
      execute function "posting_period"()`);
  }
}
