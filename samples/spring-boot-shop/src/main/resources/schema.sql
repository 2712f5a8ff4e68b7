create table product (id bigint primary key, name varchar(40) not null, price decimal(10, 2) not null);
