drop table undos;
