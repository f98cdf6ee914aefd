module tracehound/programs

go 1.22
