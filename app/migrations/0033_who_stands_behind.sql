-- Why: three codes that a stranger asked for kept the phone's owner out; one person who read the one-time passwords of two accounts was both of them, and agreed with itself; and whoever may enter another
-- phone for a student could log in as that student and send the wallet away, unseen.
alter table staff_openings add column reads_password boolean not null default true;

-- When somebody of the university entered another phone: what takes money out waits for some days.
alter table students add column phone_changed_at timestamptz;

-- The browser or app in which this phone has logged in before: what strangers ask for is counted apart.
alter table otps add column installation text;
